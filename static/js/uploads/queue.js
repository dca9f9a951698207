// Many files on their way: four at a time, each by a request of its own; what has arrived is added in chunks.

import { ask, put, Refused } from "./sending.js";

const AT_ONCE = 4;
const PLACES = 20;
const CHUNK = 100;
const PACE_MS = 5_000;

export const OPEN = new Set(["waiting", "sending", "sent"]);

export class Queue {
  /** `limits`: { mostBytes, endings, archives }, `changed()` is called whenever something is to be shown anew. */
  constructor(form, limits, changed) {
    this.form = form;
    this.limits = limits;
    this.changed = changed;
    this.files = [];
    this.isRunning = false;
    this.shown = null;
    this.numbers = []; // of what was added: «6-105»
    this.keepsPath = false;
    this._known = new Set();
    this._sending = 0;
    this._reserving = null;
    this._adding = false;
    this._marks = [];
  }

  // --- choosing ---

  take(chosen) {
    const there = new Set(this.files.map((one) => one.identity));
    for (const { file, path } of chosen) {
      const identity = `${path} ${file.size} ${file.lastModified}`;
      if (there.has(identity)) continue;
      there.add(identity);
      const why = this._refusal(file);
      this.files.push({ identity, file, path, size: file.size, state: why ? "refused" : "waiting", why, bytes: 0 });
    }
    this.changed();
    return this.compare();
  }

  _refusal(file) {
    const ending = file.name.includes(".") ? file.name.split(".").pop().toLowerCase() : "";
    if (this.limits.archives.has(ending)) return "An archive is not an asset. Unpack it and choose what is in it.";
    if (!ending) return "Its name has no ending that says what kind of file it is.";
    if (!this.limits.endings.has(ending)) return `Files that end in .${ending} are not taken as assets.`;
    if (file.size === 0) return "The file is empty.";
    if (file.size > this.limits.mostBytes) return "The file is larger than is taken.";
    return "";
  }

  externalId(one) {
    return this.keepsPath ? one.path : one.file.name;
  }

  /** Ask which external IDs are in the project already, and see which of the chosen files share one. */
  async compare() {
    const ids = [...new Set(this.files.filter((one) => one.state === "waiting").map((one) => this.externalId(one)))];
    const known = new Set();
    for (let start = 0; start < ids.length; start += 1000) {
      const answer = await ask(this.form, this.form.dataset.known, { externalIds: ids.slice(start, start + 1000) });
      for (const id of answer.known) known.add(id);
    }
    this._known = known;
    this.changed();
  }

  /** { there, twice }: files whose external ID the project has, and those that share one with a file before them. */
  duplicates() {
    const seen = new Set();
    let there = 0, twice = 0;
    for (const one of this.files) {
      if (one.state !== "waiting") continue;
      const id = this.externalId(one);
      if (this._known.has(id)) there += 1;
      else if (seen.has(id)) twice += 1;
      seen.add(id);
    }
    return { there, twice };
  }

  // --- going ---

  start({ batch, skips }) {
    this.asked = { batch, duplicates: skips ? "skip" : "add" };
    if (skips) this._skipKnown();
    this.isRunning = true;
    this._pump();
    this.changed();
  }

  /** What would be skipped in the end is not sent at all. */
  _skipKnown() {
    const seen = new Set(this._known);
    for (const one of this.files) {
      if (one.state !== "waiting") continue;
      const id = this.externalId(one);
      if (seen.has(id)) Object.assign(one, { state: "skipped", why: "Its external ID is there already." });
      seen.add(id);
    }
  }

  stop() {
    this.isRunning = false;
    for (const one of this.files) if (one.state === "sending") one.abort?.();
    this.changed();
  }

  cancel(one) {
    one.isCancelled = true;
    if (one.state === "sending") one.abort?.();
    else if (OPEN.has(one.state) || one.state === "failed" || one.state === "refused") this.files.splice(this.files.indexOf(one), 1);
    this.changed();
  }

  retry() {
    for (const one of this.files) {
      if (one.state === "failed") Object.assign(one, { state: one.isSent ? "sent" : "waiting", why: "", bytes: one.isSent ? one.size : 0 });
    }
    this.isRunning = true;
    this._pump();
    this.changed();
  }

  _pump() {
    while (this.isRunning && this._sending < AT_ONCE) {
      const next = this.files.find((one) => one.state === "waiting");
      if (!next) break;
      next.state = "sending";
      this._sending += 1;
      this._send(next).finally(() => {
        this._sending -= 1;
        this._pump();
        this.changed();
      });
    }
    this._add();
    if (this.isRunning && !this.files.some((one) => OPEN.has(one.state))) this.isRunning = false;
  }

  async _send(one) {
    try {
      const place = await this._place(one);
      if (one.isCancelled || !this.isRunning) throw new Refused("Stopped.");
      await put(place.url, one.file, (bytes) => this._note(one, bytes), (abort) => { one.abort = abort; });
      this._note(one, one.size);
      Object.assign(one, { state: "sent", key: place.key, isSent: true });
    } catch (error) {
      this._fail(one, error);
    }
  }

  _fail(one, error) {
    one.bytes = 0;
    if (one.isCancelled) this.files.splice(this.files.indexOf(one), 1);
    else if (!this.isRunning) one.state = "waiting"; // stopped, to go on later
    else Object.assign(one, { state: error.isFinal ? "refused" : "failed", why: error.message });
  }

  /** Where to put it. Places are asked for in groups, ahead of their turn; each is used for one try. */
  async _place(one) {
    while (!one.place) {
      this._reserving ??= this._reserve(one).finally(() => { this._reserving = null; });
      await this._reserving;
    }
    const place = one.place;
    one.place = null;
    if (place.refused) throw new Refused(place.refused, true);
    return place;
  }

  async _reserve(first) {
    const others = this.files.filter((one) => one !== first && !one.place && (one.state === "waiting" || one.state === "sending") && !one.abort);
    const some = [first, ...others].slice(0, PLACES);
    const answer = await ask(this.form, this.form.dataset.reserve, { names: some.map((one) => one.file.name) });
    some.forEach((one, place) => { one.place = answer.files[place]; });
  }

  // --- adding what has arrived ---

  async _add() {
    const sent = this.files.filter((one) => one.state === "sent");
    const isLast = !this.files.some((one) => one.state === "sending" || (this.isRunning && one.state === "waiting"));
    if (this._adding || !sent.length || (sent.length < CHUNK && !isLast)) return;
    this._adding = true;
    const some = sent.slice(0, CHUNK);
    try {
      const files = some.map((one) => ({ key: one.key, externalId: this.externalId(one) }));
      this._added(some, await ask(this.form, this.form.dataset.add, { files, ...this.asked }));
    } catch (error) {
      for (const one of some) Object.assign(one, { state: "failed", why: error.message });
    } finally {
      this._adding = false;
      this._pump();
      this.changed();
    }
  }

  _added(some, answer) {
    const skipped = new Set(answer.skipped);
    for (const one of some) {
      const why = answer.refused[one.key];
      if (why) Object.assign(one, { state: "refused", why });
      else if (skipped.has(one.key)) Object.assign(one, { state: "skipped", why: "Its external ID is there already." });
      else one.state = "added";
    }
    this.shown ??= answer.shown;
    if (answer.numbers) this.numbers.push(answer.numbers);
  }

  // --- numbers ---

  _note(one, bytes) {
    this._marks.push({ at: performance.now(), bytes: Math.max(bytes - one.bytes, 0) });
    one.bytes = bytes;
    this.changed();
  }

  /** Bytes a second over the last few seconds. */
  pace() {
    const from = performance.now() - PACE_MS;
    this._marks = this._marks.filter((mark) => mark.at >= from);
    const span = this._marks.length ? Math.max(performance.now() - this._marks[0].at, 250) : 1;
    return (this._marks.reduce((sum, mark) => sum + mark.bytes, 0) / span) * 1000;
  }

  counts() {
    const counts = { waiting: 0, sending: 0, sent: 0, added: 0, skipped: 0, refused: 0, failed: 0 };
    for (const one of this.files) counts[one.state] += 1;
    return counts;
  }

  /** { done, all } of the bytes of what is to be sent. */
  progress() {
    let done = 0, all = 0;
    for (const one of this.files) {
      if (one.state === "refused" || one.state === "skipped") continue;
      all += one.size;
      done += one.state === "added" ? one.size : one.bytes;
    }
    return { done, all };
  }
}
