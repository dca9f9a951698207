// The log viewer: puts its parts together. The page was drawn with the last lines; from here on this keeps it true.

import { look } from "../live.js";
import { Clock } from "./clock.js";
import { Numbers } from "./find.js";
import { onKeys } from "./keys.js";
import { countFrom, leastOf } from "./levels.js";
import { List } from "./list.js";
import { pickedOf, showPicked, writeAddress } from "./place.js";
import { Rows } from "./rows.js";
import { Source } from "./source.js";
import { Tail } from "./tail.js";
import { Toolbar } from "./toolbar.js";
import { View } from "./view.js";

const TYPING_MS = 250;

class Log {
  constructor(box) {
    this.box = box;
    this.source = new Source(box.dataset.url);
    this.clock = new Clock(box.dataset.start);
    this.counts = JSON.parse(box.dataset.counts);
    this.last = Number(box.dataset.last);
    this.state = box.dataset.state;
    this.isFinal = box.dataset.final === "yes";
    this.hasRun = Boolean(box.dataset.start);
    this.version = box.dataset.version;
    this.filter = { level: 0, q: "", hides: false, stream: "" };
    this.look = { query: "", now: 0, picked: null };
    this.read = 0; // how many rows there were when the reader stopped to follow
    this.view = new View(this.source, (what) => this.#changed(what));
    this.rows = new Rows(document.getElementById("log-row"), this.clock, this.look, {
      whole: (number) => this.source.whole(number),
      changed: () => this.list.redraw(),
    });
    this.toolbar = new Toolbar(this);
    this.errors = new Numbers(this.source, { level: 40 }, () => this.toolbar.show());
    this.matches = null;
  }

  async open() {
    this.#readAddress();
    await this.#openView();
    this.read = this.view.length;
    this.list = new List(this.box.querySelector(".loglines"), {
      count: () => this.view.length,
      item: (row) => this.view.at(row),
      draw: (item) => this.rows.draw(item),
      moved: (list) => this.#moved(list),
      followed: (on) => this.#followed(on),
    });
    onKeys(this);
    this.box.classList.add("ready");
    this.list.redraw();
    if (!(await this.#openAtAddress())) this.list.follow(true);
    this.errors.upTo(this.counts.error ? this.last : 0);
    this.tail = new Tail(this.box.dataset.socket, this.source, this.#seen(), {
      told: (news) => this.#told(news),
      became: (what) => this.toolbar.line(what),
    });
    addEventListener("hashchange", () => this.#openAtAddress());
  }

  #seen() {
    return { after: this.view.last, event: this.view.events.reduce((most, event) => Math.max(most, event.id), 0), version: this.version };
  }

  async #openView() {
    const q = this.filter.hides ? this.filter.q : "";
    for (;;) {
      try {
        return await this.view.open({ level: this.filter.level, q, stream: this.filter.stream }, this.last);
      } catch {
        this.toolbar.line("reconnecting");
        await new Promise((resume) => setTimeout(resume, 1500));
      }
    }
  }

  // --- what comes in ---

  #told(news) {
    this.last = Math.max(this.last, news.last);
    this.counts = news.counts;
    if ((news.first ?? 1) - 1 > this.view.base) this.#openView(); // the oldest lines have gone
    else this.view.grow(news);
    this.state = news.state;
    this.isFinal = news.final;
    this.hasRun ||= !["queued", "cancelled"].includes(news.state);
    if (news.version !== this.version) {
      this.version = news.version;
      look(); // the page's head
    }
    if (this.counts.error > this.errors.all.length) this.errors.upTo(this.last);
    this.matches?.upTo(this.last);
    this.toolbar.show();
    this.list.schedule();
  }

  #changed(what) {
    if (!this.list) return;
    if (what === "all") {
      this.read = this.view.length;
      this.list.heights.clear();
      this.list.redraw();
    } else if (what === "moved") {
      this.list.remeasure();
    } else {
      this.list.schedule();
    }
    this.toolbar.show();
  }

  #moved(list) {
    if (list.last >= list.first) this.view.need(list.first, list.last);
  }

  #followed(on) {
    if (!on) this.read = this.view.length;
    this.toolbar.show();
  }

  // --- filters ---

  async setLevel(level) {
    await this.#refilter({ level });
  }

  /** Of a managed script's output: "out", "err", or "" for both. */
  async setStream(stream) {
    await this.#refilter({ stream });
  }

  async showAll() {
    await this.#refilter({ level: 0, hides: false, stream: "" });
    this.toolbar.write();
  }

  async setHides(hides) {
    await this.#refilter({ hides });
  }

  showEvents(on) {
    this.view.showsEvents = on;
    this.list.remeasure();
    this.toolbar.show();
  }

  /** A search begins a little after the last key. */
  search(q) {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.#search(q), TYPING_MS);
  }

  async #search(q) {
    if (q === this.filter.q) return;
    await this.#refilter({ q });
    if (q && !this.filter.hides) this.nextMatch(1, { fromHere: true });
  }

  async #refilter(change) {
    const stays = this.list.follows;
    const old = this.filter;
    this.filter = { ...this.filter, ...change };
    this.look.query = this.filter.q;
    if (!this.filter.q || this.filter.q !== old.q) this.look.now = 0;
    this.#findAnew();
    writeAddress(this);
    const hid = old.hides ? old.q : "", hides = this.filter.hides ? this.filter.q : "";
    if (old.level !== this.filter.level || old.stream !== this.filter.stream || hid !== hides) {
      const number = this.#numberInSight();
      this.toolbar.show();
      this.box.setAttribute("aria-busy", "true");
      if (!(await this.#openView())) return;
      this.box.removeAttribute("aria-busy");
      await this.#stayAt(number, stays);
    } else {
      this.list.redraw();
    }
    this.toolbar.show();
  }

  #findAnew() {
    const { q, level, stream } = this.filter;
    const old = this.matches?.filter;
    if (old && old.q === q && old.level === level && old.stream === stream) return;
    this.matches?.close();
    this.matches = q ? new Numbers(this.source, { q, level, stream }, () => this.toolbar.show()) : null;
    this.matchesReady = this.matches?.upTo(this.last);
  }

  #numberInSight() {
    for (let row = this.list.first; row <= this.list.last; row += 1) {
      const line = this.view.at(row).line;
      if (line && this.list.heights.top(row) >= this.list.top) return line.number;
    }
    return this.last;
  }

  /** After another filter: at the end for those who follow, near the same line for those who read. */
  async #stayAt(number, follows) {
    if (follows) return this.list.follow(true);
    const row = await this.view.rowOf(number);
    if (row !== null) this.list.show(row);
    else this.list.schedule();
  }

  // --- going to lines ---

  async nextMatch(step, { fromHere = false } = {}) {
    await this.matchesReady;
    const from = this.look.now || this.#numberInSight() - (fromHere ? 1 : 0);
    const number = this.matches?.from(from, step);
    if (number) await this.#showFound(number);
  }

  async nextError(step) {
    await this.errors.upTo(this.last);
    const number = this.errors.from(this.error ?? (step > 0 ? 0 : this.last + 1), step);
    if (number) await this.goTo(this.error = number);
  }

  async #showFound(number) {
    this.look.now = number;
    const row = await this.view.rowOf(number);
    this.list.redraw();
    if (row !== null) this.list.show(row, { gently: true });
    this.toolbar.show();
  }

  /** Open a line: in the middle, picked, and in the address. */
  async goTo(number, until = number) {
    this.look.picked = [Math.min(number, until), Math.max(number, until)];
    writeAddress(this);
    const row = await this.view.rowOf(number);
    this.toolbar.hiddenLine(row === null && number <= this.last ? number : 0);
    this.list.redraw();
    if (row !== null) this.list.show(row);
  }

  /** A click on a number: that line, or with Shift everything up to it. */
  pick(number, extends_) {
    const first = extends_ && this.look.picked ? this.look.picked[0] : number;
    this.look.picked = [Math.min(first, number), Math.max(first, number)];
    writeAddress(this);
    this.list.follow(false);
    this.list.redraw();
  }

  #readAddress() {
    const asked = new URLSearchParams(location.search);
    const least = asked.get("level");
    this.filter.level = least && least !== "debug" ? Math.max(leastOf(least), 0) : 0;
    this.filter.q = asked.get("q") ?? "";
    if (this.toolbar.hasStreams) this.filter.stream = asked.get("stream") ?? "";
    this.filter.hides = asked.has("only") && Boolean(this.filter.q);
    this.look.query = this.filter.q;
    this.#findAnew();
    this.toolbar.write();
  }

  async #openAtAddress() {
    if (location.hash === "#first-error") {
      this.error = 0;
      await this.nextError(1);
      return true;
    }
    const picked = pickedOf(location.hash);
    if (!picked) return false;
    await this.goTo(...picked);
    showPicked(this.box);
    return true;
  }

  get unread() {
    return this.list.follows ? 0 : Math.max(this.view.length - this.read, 0);
  }

  /** How many lines there are: a script's output loses its oldest ones. */
  get kept() {
    return Math.max(this.last - this.view.base, 0);
  }

  get shown() {
    return (this.filter.hides && this.filter.q) || this.filter.stream ? this.view.total : countFrom(this.counts, this.filter.level);
  }
}

const box = document.getElementById("log");
if (box) new Log(box).open();
