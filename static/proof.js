// Solves a form's challenge by itself while the guest reads, in workers, and says so to all who listen.
// Without it, or if the browser can't, the form works for those who wait a little.
"use strict";

const WORKERS_MAX = 4;

const prove = (part) => {
  const form = part.closest("form");
  const field = part.querySelector("[name=solution]");
  const status = part.querySelector("[role=status]");
  const challenge = JSON.parse(part.dataset.challenge);
  const step = Math.min(WORKERS_MAX, navigator.hardwareConcurrency || 1);
  const unable = status.textContent;
  const workers = [];
  let isBusy = true;
  let isPressed = "goesOn" in part.dataset;

  const end = (words) => {
    isBusy = false;
    workers.forEach((worker) => worker.terminate());
    status.textContent = words;
  };
  const solved = (number) => {
    field.value = btoa(JSON.stringify({...challenge, number}));
    end(part.dataset.done);
    if (isPressed) {
      form.submit();
    }
  };
  const answered = ({data: number}) => isBusy && number !== null && solved(number);
  const failed = () => isBusy && end(unable);

  form.addEventListener("submit", (event) => {
    if (isBusy) {
      event.preventDefault(); // it goes on by itself when the solution is there
      isPressed = true;
    }
  });
  status.textContent = part.dataset.checking;
  try {
    for (let first = 0; first < step; first++) {
      const worker = new Worker(part.dataset.worker);
      workers.push(worker);
      worker.onmessage = answered;
      worker.onerror = failed;
      worker.postMessage({salt: challenge.salt, challenge: challenge.challenge, first, step, last: challenge.maxnumber});
    }
  } catch {
    failed();
  }
};

document.querySelectorAll("[data-challenge]").forEach(prove);
