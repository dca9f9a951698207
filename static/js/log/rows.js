// One row of the log as an element. All text goes in as text.

import { lastState, pieces } from "./ansi.js";
import { nameOf } from "./levels.js";

const MOST_LINES_SHOWN = 40;

export class Rows {
  /** `look` says what is marked: {query, now, picked: [first, last]}. */
  constructor(template, clock, look, { whole, changed }) {
    Object.assign(this, { template, clock, look, whole, changed });
    this.opened = new Set(); // lines whose fields are shown
    this.fulls = new Map(); // lines that were fetched in full
  }

  draw(item) {
    if (item.event) return this.#event(item.event);
    return item.line ? this.#line(this.fulls.get(item.line.number) ?? item.line) : this.#empty();
  }

  #empty() {
    const row = this.#row("info", "");
    row.classList.add("coming");
    return row;
  }

  #row(level, stamp) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.dataset.level = level;
    const time = row.querySelector("time");
    if (!stamp || this.clock.mode === "off") time.remove();
    else {
      time.dateTime = stamp;
      time.title = this.clock.full(stamp);
      time.textContent = this.clock.show(stamp);
    }
    return row;
  }

  #event(event) {
    const row = this.#row("system", event.at);
    row.dataset.kind = event.kind;
    row.querySelector("span").textContent = event.sentence;
    row.querySelector("a").remove();
    row.prepend(Object.assign(document.createElement("b"), { className: "nonumber" }));
    return row;
  }

  #line(line) {
    const row = this.#row(nameOf(line.level), line.at);
    const link = row.querySelector("a");
    row.id = `L${line.number}`;
    link.href = `#${row.id}`;
    link.textContent = line.number;
    link.setAttribute("aria-label", `Line ${line.number}`);
    const [first, last] = this.look.picked ?? [0, 0];
    row.classList.toggle("picked", line.number >= first && line.number <= last);
    const span = row.querySelector("span");
    const text = lastState(line.message);
    const shown = this.fulls.has(line.number) ? text : firstOf(text);
    this.#write(span, shown, line.number);
    if (line.late) span.append(note("times", "came late"));
    if (line.length || shown.length < text.length) span.append(this.#more(line, text.length - shown.length));
    if (line.extra) span.append(...this.#fields(line));
    return row;
  }

  /** The text in its colours, with what is searched for marked. */
  #write(span, text, number) {
    const parts = pieces(text);
    const whole = parts.map((part) => part.text).join("");
    const marks = this.look.query ? occurrences(whole, this.look.query) : [];
    let at = 0;
    for (const part of parts) {
      const holder = part.classes ? Object.assign(document.createElement("span"), { className: part.classes }) : span;
      for (const [from, to, isMarked] of cuts(at, at + part.text.length, marks)) {
        const words = whole.slice(from, to);
        if (!isMarked) holder.append(words);
        else holder.append(Object.assign(document.createElement("mark"), { textContent: words, className: this.look.now === number ? "now" : "" }));
      }
      if (holder !== span) span.append(holder);
      at += part.text.length;
    }
  }

  #more(line, hidden) {
    const size = line.length ? `all ${Math.ceil(line.length / 1024)} KB` : `${hidden.toLocaleString("en")} more characters`;
    return button("more", `show ${size}`, async (self) => {
      self.disabled = true;
      try {
        this.fulls.set(line.number, line.length ? await this.whole(line.number) : line);
        this.changed();
      } catch {
        self.disabled = false;
      }
    });
  }

  #fields(line) {
    const isOpen = this.opened.has(line.number);
    const names = Object.keys(line.extra);
    const toggle = button("times", isOpen ? "hide fields" : names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : ""), () => {
      if (isOpen) this.opened.delete(line.number);
      else this.opened.add(line.number);
      this.changed();
    });
    toggle.setAttribute("aria-expanded", String(isOpen));
    toggle.title = "The other fields of this line";
    if (!isOpen) return [toggle];
    const list = Object.assign(document.createElement("span"), { className: "fields" });
    for (const name of names) {
      const value = line.extra[name];
      const key = Object.assign(document.createElement("b"), { textContent: name });
      list.append(key, ` ${typeof value === "string" ? value : JSON.stringify(value)}\n`);
    }
    return [toggle, list];
  }
}

function firstOf(text) {
  let end = -1;
  for (let lines = 0; lines < MOST_LINES_SHOWN; lines += 1) {
    end = text.indexOf("\n", end + 1);
    if (end < 0) return text;
  }
  return text.slice(0, end);
}

function note(className, text) {
  return Object.assign(document.createElement("span"), { className, textContent: text });
}

function button(className, text, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: `inrow ${className}`, textContent: text });
  made.addEventListener("click", () => act(made));
  return made;
}

function occurrences(text, query) {
  const found = [];
  const low = text.toLowerCase(), wanted = query.toLowerCase();
  if (low.length !== text.length) return found; // a letter that has two in lower case: places would not fit
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, at + wanted.length)) found.push([at, at + wanted.length]);
  return found;
}

/** [from, to, is marked] of the parts of a stretch. */
function* cuts(from, to, marks) {
  let at = from;
  for (const [start, end] of marks) {
    if (end <= at || start >= to) continue;
    if (start > at) yield [at, start, false];
    yield [Math.max(start, at), Math.min(end, to), true];
    at = Math.min(end, to);
  }
  if (at < to) yield [at, to, false];
}
