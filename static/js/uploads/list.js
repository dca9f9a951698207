// The list of chosen files: what needs somebody first, then what moves; never more rows than can be read.

import { duration } from "../times.js";

const MOST_ROWS = 60;
const ORDER = { failed: 0, refused: 1, sending: 2, waiting: 3, sent: 4, skipped: 5, added: 6 };
const WORDS = { waiting: "", sending: "", sent: "arrived", added: "added", skipped: "skipped", refused: "refused", failed: "failed" };
const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

export const grouped = (n) => n.toLocaleString("en");
export const noun = (n, one, many) => `${grouped(n)} ${n === 1 ? one : many}`;

export function bytes(n) {
  const power = n < 1000 ? 0 : Math.min(Math.floor(Math.log10(n) / 3), UNITS.length - 1);
  const value = n / 1000 ** power;
  return power === 0 ? noun(n, "byte", "bytes") : `${value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 })} ${UNITS[power]}`;
}

export class List {
  constructor(form, queue) {
    this.form = form;
    this.queue = queue;
    this._rows = new Map();
    this._template = form.querySelector("[data-row-template]");
    this._box = form.querySelector("[data-rows]");
  }

  show() {
    const files = this.queue.files;
    const some = files.length > MOST_ROWS ? this._first(files) : [...files].sort((a, b) => ORDER[a.state] - ORDER[b.state]);
    const rows = some.map((one) => this._row(one));
    for (const [one, row] of this._rows) if (!some.includes(one)) { row.remove(); this._rows.delete(one); }
    rows.forEach((row, place) => { if (this._box.children[place] !== row) this._box.insertBefore(row, this._box.children[place] ?? null); });
    const more = this._find("more");
    more.hidden = files.length <= some.length;
    more.textContent = `and ${noun(files.length - some.length, "more file", "more files")}`;
  }

  /** Without sorting thousands ten times a second. */
  _first(files) {
    const found = [];
    for (const state of Object.keys(ORDER)) {
      for (const one of files) {
        if (found.length >= MOST_ROWS) return found;
        if (one.state === state) found.push(one);
      }
    }
    return found;
  }

  _row(one) {
    if (!this._rows.has(one)) this._rows.set(one, this._made(one));
    const row = this._rows.get(one);
    const part = (name) => row.querySelector(`[data-${name}]`);
    row.dataset.state = { failed: "failed", refused: "partial", added: "succeeded" }[one.state] ?? "queued";
    part("name").textContent = this.queue.externalId(one);
    part("name").title = one.path;
    part("state-word").textContent = WORDS[one.state];
    part("why").hidden = !one.why || one.state === "skipped";
    part("why").textContent = one.why;
    const bar = row.querySelector("progress");
    bar.hidden = one.state !== "sending";
    bar.value = one.size ? one.bytes / one.size : 0;
    part("cancel").hidden = one.state === "added" || one.state === "sent" || one.state === "skipped";
    return row;
  }

  _made(one) {
    const row = this._template.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-size]").textContent = bytes(one.size);
    row.querySelector("progress").setAttribute("aria-label", `Upload of ${one.file.name}`);
    const cancel = row.querySelector("[data-cancel]");
    cancel.setAttribute("aria-label", `Leave out ${one.file.name}`);
    cancel.addEventListener("click", () => this.queue.cancel(one));
    return row;
  }

  // --- words over the list ---

  showSums() {
    const counts = this.queue.counts();
    const { done, all } = this.queue.progress();
    this._find("list").hidden = this.queue.files.length === 0;
    this._find("words").textContent = this._words(counts, all);
    this._find("pace").textContent = this.queue.isRunning ? this._pace(done, all) : "";
    const bar = this._find("all");
    bar.value = all ? done / all : 0;
    bar.setAttribute("aria-valuetext", `${bytes(done)} of ${bytes(all)}`);
  }

  _words(counts, all) {
    const open = counts.waiting + counts.sending + counts.sent;
    const parts = [];
    if (open) parts.push(`${noun(open, "file", "files")}${this.queue.isRunning ? " to go" : `, ${bytes(all)}`}`);
    if (counts.added) parts.push(`${noun(counts.added, "asset", "assets")} added`);
    if (counts.skipped) parts.push(`${grouped(counts.skipped)} skipped`);
    if (counts.refused) parts.push(`${grouped(counts.refused)} refused`);
    if (counts.failed) parts.push(`${grouped(counts.failed)} failed`);
    return parts.join(" · ");
  }

  _pace(done, all) {
    const pace = this.queue.pace();
    const rest = pace > 0 ? `, ${duration((all - done) / pace)} left` : "";
    return `${bytes(done)} of ${bytes(all)}, ${bytes(Math.round(pace))}/s${rest}`;
  }

  _find(name) {
    return this.form.querySelector(`[data-${name}]`);
  }
}
