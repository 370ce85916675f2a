// Keeps up to date how many are left, which the page says without it, while somebody looks at the page.
"use strict";

{
  const FULL_SECONDS = 30; // at least so long until a full server is asked again

  const { stream, left, soldOut, inBaskets } = document.currentScript.dataset;
  const fill = (words, number) => words.replace("{}", number.toLocaleString(document.documentElement.lang));

  const isBehindDoor = document.querySelector("[data-way-in]") !== null; // made anew it sells no more than now

  const inWords = ({ status, available, held }) => {
    if (status === "on_sale") return fill(left, available);
    if (status === "sold_out") return held > 0 ? fill(inBaskets, held) : soldOut;
    return null;
  };

  const show = (ticketType) => {
    const place = document.querySelector(`[data-left="${ticketType.id}"]`);
    const words = inWords(ticketType);
    if (place === null || words === null || place.textContent === words) return;
    const card = place.closest(".card");
    for (const option of card.querySelectorAll("select option")) {
      option.disabled = !option.selected && Number(option.value) > ticketType.available;
    }
    const isOffered = ticketType.status !== "on_sale" || card.querySelector("select, a.button") !== null || isBehindDoor;
    const shown = document.createElement(isOffered ? "span" : "a"); // the page made anew sells them
    if (!isOffered) shown.href = location.pathname + location.search;
    shown.textContent = words;
    place.replaceChildren(shown);
  };

  let source = null;
  let timer;
  const watch = () => {
    source = new EventSource(stream);
    source.addEventListener("availability", (event) => JSON.parse(event.data).ticket_types.forEach(show));
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) { // it was refused: a browser doesn't try again by itself
        timer = setTimeout(watch, 1000 * FULL_SECONDS * (1 + Math.random()));
      }
    };
  };

  // Nobody looks at a page in the background, and it would take one of the browser's few connections.
  const watchIfSeen = () => {
    clearTimeout(timer);
    source?.close();
    if (!document.hidden) watch();
  };
  document.addEventListener("visibilitychange", watchIfSeen);
  watchIfSeen();
}
