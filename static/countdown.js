// Counts down to the opening of a sale, which the page says in words without it, and then opens the page anew.
"use strict";

const RELOAD_SECONDS_MAX = 5; // spread, so that not everybody comes in the same second

const inWords = (seconds) => {
  const days = Math.floor(seconds / 86400);
  const clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  return "opens in " + (days === 0 ? "" : days === 1 ? "1 day " : days + " days ") + clock;
};

// Not reload(): the page may be the answer to a form, and reloading would send that again.
const openAnew = () => location.replace(location.pathname + location.search);

let opening = false;
const open = (countdown) => {
  const link = document.createElement("a");
  link.href = location.pathname + location.search;
  link.textContent = "The sale is open: show it";
  countdown.replaceChildren(link);
  if (!opening) {
    opening = true;
    setTimeout(openAnew, 1000 * RELOAD_SECONDS_MAX * Math.random());
  }
};

for (const countdown of document.querySelectorAll("[data-opens-in-seconds]")) {
  // The server's clock decides: only the time that passes is measured here.
  const end = Date.now() + 1000 * Number(countdown.dataset.opensInSeconds);
  const text = countdown.querySelector("time");
  const show = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    if (seconds > 0) {
      text.textContent = inWords(seconds);
    } else {
      clearInterval(timer);
      open(countdown);
    }
  };
  const timer = setInterval(show, 1000);
  show();
}
