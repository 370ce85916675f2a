// Keeps a waiting guest's page true: by the event's stream, or by asking where that is refused or nobody looks.
// What is news in numbers is worked out here; whenever anything else changes, the page's own part is fetched anew.
"use strict";

{
  const SAY_SECONDS = 20; // so often a screen reader hears how far it is
  const PRESS_SECONDS = 0.5; // quicker ones are taken for programs
  const SOON_SECONDS = 0.3;
  const LOST_SECONDS = 5;
  const COMERS_PER_SECOND = 1000; // when something is new to everybody, they come spread

  const { stream, poll, words } = document.currentScript.dataset;
  const said = JSON.parse(words);
  const language = document.documentElement.lang;
  const plural = new Intl.PluralRules(language);

  const fill = (text, value) => text.replace("{}", value);
  const counted = (forms, count) => fill(forms[plural.select(count)] ?? forms.other, count.toLocaleString(language));
  const clock = (seconds) => {
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].slice(seconds < 3600 ? 1 : 0);
    return parts.map((part, i) => i === 0 ? part : String(part).padStart(2, "0")).join(":");
  };
  const waitInWords = (seconds) => {
    if (seconds === null) return said.waitUnknown;
    if (seconds < 60) return said.waitShort;
    const minutes = Math.ceil(seconds / 60);
    return fill(said.wait, minutes < 60 ? minutes + " min" : Math.floor(minutes / 60) + " h " + minutes % 60 + " min");
  };

  // -- what is shown

  const part = () => document.getElementById("place");
  const aloud = document.getElementById("said");
  const heard = { at: 0, text: "" };
  const ends = {}; // what is counted down to: milliseconds by the browser's clock
  let aheadOfServer = 0; // in milliseconds
  let isEmpty = false; // nothing free, nothing in baskets: what that means the server knows

  const show = (line, text) => {
    const shown = part().querySelector(`[data-line="${line}"]`);
    if (shown !== null && shown.textContent !== text) shown.textContent = text;
    if (shown !== null) shown.hidden = text === "";
  };
  const say = (text, isNews = false) => {
    if (text === heard.text || (!isNews && Date.now() < heard.at + 1000 * SAY_SECONDS)) return;
    Object.assign(heard, { at: Date.now(), text });
    aloud.textContent = text;
  };
  const countTo = (line, at) => {
    if (at === null) {
      delete ends[line];
      show(line, "");
    } else {
      ends[line] = at;
      show(line, fill(said[line], clock(Math.max(0, Math.ceil((at - Date.now()) / 1000)))));
    }
  };
  const here = (instant) => instant === null ? null : Date.parse(instant) + aheadOfServer;
  const tick = () => {
    Object.entries(ends).forEach(([line, at]) => countTo(line, at));
    if (ends.turn < Date.now()) renewWithin(1);
  };

  const hearBeforeDraw = (queue) => {
    if (queue.drawn !== null) return renewWithin(queue.drawn / COMERS_PER_SECOND);
    countTo("opens", here(queue.opens_at));
    show("joined", counted(said.joined, Math.max(queue.joined, 1 + Number(part().dataset.number)))); // that may lag
  };
  const hearWaiting = (queue) => {
    const ahead = Number(part().dataset.place) - queue.admitted_to;
    if (ahead < 0) return renewWithin(0);
    const wasEmpty = isEmpty;
    isEmpty = queue.in_baskets === 0;
    if (isEmpty && !wasEmpty) return renewWithin((queue.joined - queue.admitted_to) / COMERS_PER_SECOND);
    const perSecond = queue.admitted_per_minute / 60;
    const wait = queue.paused || queue.in_baskets ? "" : waitInWords(perSecond ? Math.ceil((ahead + 1) / perSecond) : null);
    const first = ahead === 0 ? said.next : counted(said.ahead, ahead);
    show("ahead", first);
    show("wait", wait);
    show("paused", queue.paused ? said.paused : "");
    show("baskets", queue.in_baskets ? counted(said.baskets, queue.in_baskets) : "");
    countTo("return", queue.in_baskets ? here(queue.next_return_at) : null);
    document.title = document.title.replace(/^[^·]*/, (ahead + 1).toLocaleString(language) + " ");
    say((first + ". " + wait).replace("..", "."));
  };
  const hear = (queue) => {
    if (queue === null) return renewWithin(LOST_SECONDS);
    if (part().dataset.state === "before_draw") hearBeforeDraw(queue);
    if (part().dataset.state === "waiting") hearWaiting(queue);
  };

  // -- the page's own part

  let renewal;
  const renewWithin = (seconds) => {
    renewal ??= setTimeout(renew, 1000 * (SOON_SECONDS + seconds * Math.random()));
  };
  const renew = async () => {
    const before = part().dataset.state;
    try {
      const answer = await fetch(location.pathname, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      renewal = undefined;
      part().replaceWith(page.getElementById("place"));
      document.title = page.title;
      begin();
    } catch {
      say(said.noConnection, true);
      renewal = setTimeout(renew, 1000 * LOST_SECONDS * (1 + Math.random()));
      return;
    }
    if (part().dataset.state !== before) {
      say(part().querySelector("h2").textContent, true);
      part().querySelector("a.button")?.focus(); // to go on is for the guest to decide
    }
  };

  // -- news

  let source = null;
  let question;
  let isRefused = false;
  const ask = async () => {
    let seconds = LOST_SECONDS * (1 + Math.random());
    try {
      const answer = await fetch(poll, { cache: "no-store" });
      seconds = Number(answer.headers.get("Retry-After")) || seconds;
      const news = answer.ok ? await answer.json() : null;
      if (news !== null && (news.state ?? undefined) !== part().dataset.state) return renewWithin(0);
      if (news !== null) {
        if (news.place !== null) part().dataset.place = news.place;
        hear(news.queue);
      }
    } catch {
      say(said.noConnection, true);
    }
    if (question !== undefined) question = setTimeout(ask, 1000 * seconds);
  };
  const watch = () => {
    source = new EventSource(stream);
    source.addEventListener("queue", (event) => hear(JSON.parse(event.data)));
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) { // it was refused: a browser doesn't try again by itself
        isRefused = true;
        listen();
      }
    };
  };
  const rest = () => {
    source?.close();
    clearTimeout(question);
    source = question = undefined;
  };
  // Nobody looks at a page in the background, and its stream would be one of the browser's few connections.
  const listen = () => {
    rest();
    if (!["before_draw", "waiting"].includes(part().dataset.state)) return;
    if (isRefused || document.hidden) {
      question = setTimeout(ask, 1000 * Number(part().dataset.refreshSeconds || LOST_SECONDS));
    } else {
      watch();
    }
  };

  // A press counts on this page as well: the form that it led to is sent by itself.
  const goOn = () => {
    const form = document.querySelector("form[data-goes-on]");
    if (form !== null) setTimeout(() => form.requestSubmit(), 1000 * PRESS_SECONDS);
  };

  let timer;
  const begin = () => {
    const { state, now, opensSeconds, turnSeconds } = part().dataset;
    Object.keys(ends).forEach((line) => delete ends[line]);
    clearInterval(timer);
    if (state === undefined) return rest();
    aheadOfServer = Date.now() - Number(now);
    if (opensSeconds !== undefined) countTo("opens", Date.now() + 1000 * Number(opensSeconds));
    if (turnSeconds !== undefined) countTo("turn", Date.now() + 1000 * Number(turnSeconds));
    timer = setInterval(tick, 1000);
    listen();
  };

  document.addEventListener("visibilitychange", () => {
    if (part()?.dataset.state === "admitted" && !document.hidden) renewWithin(0); // it may be used by now
    else if (part()?.dataset.state !== undefined) listen();
  });
  // Who comes back to a page as it was may have a place by now, or none any more.
  window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  if (part() === null) goOn();
  else begin();
}
