// Counts down to an end that the page says in words without it, and then looks again by itself.
"use strict";

// Not reload(): the page may be the answer to a form, and reloading would send that again.
const lookAgain = () => location.replace(location.pathname);

for (const clock of document.querySelectorAll("[data-seconds-left]")) {
  const end = performance.now() + 1000 * Number(clock.dataset.secondsLeft);
  const show = () => {
    const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    clock.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0") + " left";
    if (seconds === 0) {
      clearInterval(timer);
      setTimeout(lookAgain, 1000);
    }
  };
  const timer = setInterval(show, 1000);
  show();
}

for (const waiting of document.querySelectorAll("[data-look-again-seconds]")) {
  setTimeout(lookAgain, 1000 * Number(waiting.dataset.lookAgainSeconds));
}
