// Makes the seat map a way to choose, beside the list that works without it, and keeps both up to date.
"use strict";

const POLL_SECONDS = 3;
const JITTER_SECONDS = 2; // so that a thousand guests don't ask in the same moment
const RETRY_SECONDS_MAX = 60;
const SIDEWAYS_COST = 2; // of leaving the line in which an arrow points, against going along it
const OVERHANG_LEFT_PIXELS = 60; // of a map this little too wide one sees its rows' names rather than its middle

class SeatPicker {
  constructor(form) {
    this.form = form;
    this.prefix = "seat:";
    this.most = Number(form.dataset.most);
    this.priceCents = Number(form.dataset.priceCents);
    this.boxes = new Map();
    for (const box of form.querySelectorAll("input[type=checkbox]")) {
      this.boxes.set(box.name.slice(this.prefix.length), box);
    }
    this.places = new Map();
    for (const place of form.querySelectorAll("[data-seat]")) {
      this.places.set(place.dataset.seat, place);
    }
    this.links = form.parentElement.querySelectorAll("[data-keep-seats]");
    form.addEventListener("change", (event) => this.changed(event.target));
    if (this.places.size > 0) {
      this.openMap();
    }
    this.showChoice();
  }

  get chosen() {
    return [...this.boxes].filter(([, box]) => box.checked).map(([seat]) => seat);
  }

  // -- choosing

  changed(box) {
    if (this.boxes.has(box.name.slice(this.prefix.length))) {
      this.choose(box.name.slice(this.prefix.length), box.checked);
    }
  }

  choose(seat, wanted) {
    const box = this.boxes.get(seat);
    box.checked = wanted;
    this.say("");
    if (wanted && this.chosen.length > this.most) {
      box.checked = false;
      this.say("At most " + this.most + " can be had at once.");
    }
    this.showSeat(seat);
    this.showChoice();
  }

  showChoice() {
    const seats = this.chosen;
    const cents = seats.length * this.priceCents;
    const total = "€" + (cents / 100).toLocaleString("en-US", {minimumFractionDigits: 2, maximumFractionDigits: 2});
    this.form.querySelector("[data-summary]").textContent = seats.length === 0 ? "No seats chosen yet." :
      (seats.length === 1 ? "1 seat, " : seats.length + " seats, ") + total + ": " + seatsInWords(seats).join("; ");
    for (const link of this.links) {
      const url = new URL(link.getAttribute("href"), location.href);
      url.searchParams.delete("seat");
      seats.forEach((seat) => url.searchParams.append("seat", seat));
      link.setAttribute("href", url.pathname + url.search);
    }
  }

  say(text) {
    this.form.querySelector("[data-notice]").textContent = text;
  }

  // -- the map

  openMap() {
    const svg = this.form.querySelector("svg.seats[role=img]");
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", "Seat map: arrow keys move, space chooses");
    const scroll = svg.parentElement;
    scroll.removeAttribute("tabindex");
    const overhang = scroll.scrollWidth - scroll.clientWidth;
    scroll.scrollLeft = overhang < OVERHANG_LEFT_PIXELS ? 0 : overhang / 2;
    for (const [seat, place] of this.places) {
      place.setAttribute("role", "button");
      place.setAttribute("tabindex", "-1");
      this.showSeat(seat);
    }
    this.focusable([...this.places.values()].find((place) => place.dataset.status === "free") ||
      this.places.values().next().value);
    svg.addEventListener("click", (event) => this.pressed(event.target.closest("[data-seat]")));
    svg.addEventListener("keydown", (event) => this.keyPressed(event));
  }

  showSeat(seat) {
    const place = this.places.get(seat);
    if (place === undefined) {
      return;
    }
    const box = this.boxes.get(seat);
    const chosen = box !== undefined && box.checked;
    const free = place.dataset.status === "free";
    const row = place.parentElement.dataset;
    place.toggleAttribute("data-chosen", chosen);
    place.setAttribute("aria-pressed", String(chosen));
    place.setAttribute("aria-disabled", String(!free));
    const kinds = {plain: "", accessible: ", wheelchair space", companion: ", companion seat"};
    place.setAttribute("aria-label", "Row " + row.row + ", seat " + seat.split("-")[2] +
      (free ? ", free, " + this.form.dataset.price : ", taken") + kinds[place.dataset.kind] + ", " + row.section);
  }

  pressed(place) {
    if (place === null) {
      return;
    }
    this.focusable(place);
    place.focus();
    if (place.dataset.status === "free") {
      this.choose(place.dataset.seat, !this.boxes.get(place.dataset.seat).checked);
    } else {
      this.say(seatsInWords([place.dataset.seat])[0] + " is taken.");
    }
  }

  focusable(place) {
    if (this.current) {
      this.current.setAttribute("tabindex", "-1");
    }
    this.current = place;
    place.setAttribute("tabindex", "0");
  }

  keyPressed(event) {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      this.pressed(event.target.closest("[data-seat]"));
    } else if (step) {
      event.preventDefault();
      const next = this.nearest(step);
      if (next) {
        this.focusable(next);
        next.focus();
      }
    }
  }

  nearest([right, down]) {
    const [x, y] = position(this.current);
    let best = null;
    let bestCost = Infinity;
    for (const place of this.places.values()) {
      const [otherX, otherY] = position(place);
      const along = (otherX - x) * right + (otherY - y) * down;
      const aside = Math.abs((otherX - x) * down) + Math.abs((otherY - y) * right);
      const cost = along + SIDEWAYS_COST * aside;
      if (along > aside / 2 && cost < bestCost) {
        best = place;
        bestCost = cost;
      }
    }
    return best;
  }

  // -- what others do

  update(seats) {
    const lost = [];
    for (const {id, status} of seats) {
      const place = this.places.get(id);
      const box = this.boxes.get(id);
      if (place) {
        place.dataset.status = status;
      }
      if (box) {
        if (box.checked && status !== "free") {
          box.checked = false;
          lost.push(id);
        }
        box.disabled = status !== "free";
      }
      this.showSeat(id);
    }
    if (lost.length > 0) {
      this.showChoice();
      const have = lost.length === 1 ? "has" : "have";
      this.say(seatsInWords(lost).join("; ") + " " + have + " just been taken by somebody else.");
    }
  }
}

// Row by row, as ticketd/web/pages/seat_names.py says them: "Stalls · Row A · Seats 2–9, 12".
function seatsInWords(seats) {
  const rows = new Map();
  for (const seat of seats) {
    const [section, row, number] = seat.split("-");
    const name = section + " · Row " + row;
    rows.set(name, [...(rows.get(name) ?? []), number]);
  }
  return [...rows].map(([row, numbers]) => row + (numbers.length === 1 ? " · Seat " : " · Seats ") + spans(numbers));
}

function spans(numbers) {
  if (!numbers.every((number) => /^(0|[1-9][0-9]*)$/.test(number))) {
    return numbers.join(", ");
  }
  const runs = [];
  for (const number of numbers.map(Number).sort((one, other) => one - other)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === number - 1) {
      last[1] = number;
    } else {
      runs.push([number, number]);
    }
  }
  return runs.map(([first, last]) => first === last ? String(first) : first + "–" + last).join(", ");
}

function position(place) {
  const {e, f} = place.transform.baseVal.getItem(0).matrix;
  return [e, f];
}

class LiveSeats {
  constructor(picker, url, version) {
    this.picker = picker;
    this.url = url;
    this.version = version;
    this.failures = 0;
    document.addEventListener("visibilitychange", () => this.wait(0));
    this.wait(POLL_SECONDS);
  }

  wait(seconds) {
    clearTimeout(this.timer);
    if (!document.hidden) {
      this.timer = setTimeout(() => this.ask(), 1000 * (seconds + JITTER_SECONDS * Math.random()));
    }
  }

  async ask() {
    let seconds = POLL_SECONDS;
    try {
      const answer = await fetch(this.url + "?since=" + this.version);
      if (answer.ok) {
        const {version, seats} = await answer.json();
        this.version = version;
        this.picker.update(seats);
        this.failures = 0;
      } else {
        seconds = this.later(Number(answer.headers.get("Retry-After")) || 0);
      }
    } catch {
      seconds = this.later(0);
    }
    this.wait(seconds);
  }

  later(wanted) {
    this.failures += 1;
    return Math.max(wanted, Math.min(RETRY_SECONDS_MAX, POLL_SECONDS * 2 ** this.failures));
  }
}

for (const form of document.querySelectorAll("[data-seats]")) {
  const picker = new SeatPicker(form);
  if (picker.boxes.size > 0) {
    new LiveSeats(picker, form.dataset.seats, form.dataset.version);
  }
}
