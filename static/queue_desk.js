// Keeps the figures of a waiting room up to date while somebody looks at them.
"use strict";

{
  const { seconds } = document.currentScript.dataset;
  const renew = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.pathname, { cache: "no-store" }).catch(() => null);
    if (answer === null || !answer.ok) return; // the figures stay, and the next try may do better
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const figures = page.getElementById("figures");
    if (figures !== null) document.getElementById("figures").replaceWith(figures);
  };
  setInterval(renew, 1000 * Number(seconds));
}
