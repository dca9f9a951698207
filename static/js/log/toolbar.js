// What stands around the lines: search, levels, switches, downloads, the pill for new lines, and the foot.

import { toast } from "../page.js";
import { LEVELS, leastOf } from "./levels.js";

const grouped = (number) => number.toLocaleString("en");
const NS = "http://www.w3.org/2000/svg";

export class Toolbar {
  constructor(log) {
    this.log = log;
    this.part = (name) => log.box.querySelector(`[data-part="${name}"]`);
    this.opened = Date.now();
    this.streams = log.box.querySelectorAll("[data-stream]"); // buttons of a managed script's output
    this.#wire();
    log.box.classList.toggle("wrap", localStorage.getItem("log-wrap") === "yes");
    setInterval(() => this.#empty(), 1000);
  }

  #wire() {
    const { log, part } = this;
    part("search").addEventListener("input", (event) => log.search(event.target.value));
    part("search").addEventListener("keydown", (event) => {
      if (event.key === "Enter") log.nextMatch(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") event.target.blur();
    });
    part("previous").addEventListener("click", () => log.nextMatch(-1));
    part("next").addEventListener("click", () => log.nextMatch(1));
    part("hides").addEventListener("change", (event) => log.setHides(event.target.checked));
    for (const name of LEVELS) part(name)?.addEventListener("click", () => log.setLevel(name === "debug" ? 0 : leastOf(name)));
    for (const one of this.streams) one.addEventListener("click", () => log.setStream(one.dataset.stream));
    part("system")?.addEventListener("click", () => log.showEvents(!log.view.showsEvents));
    part("wraps").addEventListener("click", () => this.wrap());
    part("time").addEventListener("click", () => this.time());
    part("full").addEventListener("click", () => this.#full());
    part("link").addEventListener("click", () => this.#link());
    part("follow").addEventListener("click", () => log.list.follow(true));
    part("next-error").addEventListener("click", () => log.nextError(1));
    for (const one of log.box.querySelectorAll("[data-shows-all]")) one.addEventListener("click", () => log.showAll());
    log.box.querySelector(".loglines").addEventListener("click", (event) => this.#clicked(event));
  }

  get hasStreams() {
    return this.streams.length > 0;
  }

  #clicked(event) {
    const link = event.target.closest(".row > a");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.log.pick(Number(link.hash.slice(2)), event.shiftKey);
  }

  // --- switches ---

  wrap() {
    const on = this.log.box.classList.toggle("wrap");
    localStorage.setItem("log-wrap", on ? "yes" : "no");
    this.log.list.remeasure();
    this.show();
  }

  time() {
    this.log.clock.next();
    this.log.list.remeasure();
    this.show();
  }

  #full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.log.box.requestFullscreen?.();
  }

  async #link() {
    try {
      await navigator.clipboard.writeText(location.href);
      toast("succeeded", "The link is copied.");
    } catch {
      toast("partial", "Copy the link from the address bar.");
    }
  }

  // --- showing how things stand ---

  /** Put the filters into their fields. */
  write() {
    this.part("search").value = this.log.filter.q;
    this.part("hides").checked = this.log.filter.hides;
  }

  show() {
    if (!this.log.list) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#show();
    });
  }

  #show() {
    const { log, part } = this;
    if (this.hasStreams) for (const one of this.streams) one.setAttribute("aria-pressed", String(one.dataset.stream === log.filter.stream));
    else this.#chips();
    part("wraps").setAttribute("aria-pressed", String(log.box.classList.contains("wrap")));
    part("time").setAttribute("aria-pressed", String(log.clock.mode !== "off"));
    part("time").setAttribute("aria-label", log.clock.word);
    part("time").title = log.clock.word;
    this.#matches();
    this.#foot();
    this.#pill();
    this.#gutter();
    this.#empty();
    this.#downloads();
    log.box.classList.toggle("long", log.last >= 100_000);
    const tab = document.getElementById("log-count");
    if (tab && !this.hasStreams) tab.textContent = grouped(log.last);
  }

  #chips() {
    const { log, part } = this;
    for (const name of LEVELS) {
      part(name).querySelector("[data-count]").textContent = grouped(log.counts[name]);
      part(name).setAttribute("aria-pressed", String(log.filter.level <= 10 || leastOf(name) >= log.filter.level));
    }
    part("system").setAttribute("aria-pressed", String(log.view.showsEvents));
    part("system").querySelector("[data-count]").textContent = grouped(log.view.events.length);
  }

  #matches() {
    const { log, part } = this;
    const found = log.matches;
    part("counter").hidden = !found;
    part("previous").hidden = part("next").hidden = part("hide-box").hidden = !found;
    if (!found) return;
    const place = found.placeOf(log.look.now);
    part("counter").textContent = found.all.length ? `${place ? `${grouped(place)} of ` : ""}${found.word}` : "none";
    part("previous").disabled = part("next").disabled = !found.all.length;
  }

  #foot() {
    const { log, part } = this;
    const hidden = log.kept - log.shown;
    const words = log.filter.stream ? "by the stream" : log.filter.level > 10 && log.filter.hides && log.filter.q ? "by level and search" : log.filter.hides && log.filter.q ? "by the search" : "by level";
    part("shown").textContent = hidden ? `${grouped(log.shown)} of ${grouped(log.kept)} lines` : `${grouped(log.kept)} ${log.kept === 1 ? "line" : "lines"}`;
    part("hidden").hidden = hidden <= 0;
    part("hidden-words").textContent = `${grouped(hidden)} hidden ${words}`;
    part("next-error").hidden = !log.counts.error;
  }

  #pill() {
    const { log, part } = this;
    part("follow").hidden = log.list.follows || log.list.isAtEnd || !log.view.length;
    part("follow-words").textContent = log.unread ? `${grouped(log.unread)} new ${log.unread === 1 ? "line" : "lines"}` : "To the end";
  }

  /** Ticks beside the scroll bar: where matches and errors are. */
  #gutter() {
    const { log, part } = this;
    const places = new Map();
    const put = (numbers, name, height) => {
      for (const number of numbers) places.set(Math.min(Math.floor(((number - log.view.base) / log.kept) * 1000), 1000 - height), name);
    };
    if (log.last && log.filter.level < 40) put(log.errors.all, "e", 4);
    if (log.last && log.matches && !log.filter.hides) put(log.matches.all, "m", 4);
    const key = [...places].join();
    if (this.ticks === key) return;
    this.ticks = key;
    part("gutter").replaceChildren(
      ...[...places].map(([y, name]) => {
        const tick = document.createElementNS(NS, "rect");
        tick.setAttribute("class", name);
        tick.setAttribute("y", y);
        tick.setAttribute("width", 6);
        tick.setAttribute("height", 4);
        return tick;
      }),
    );
  }

  #downloads() {
    const { log, part } = this;
    const { level, q, hides, stream } = log.filter;
    const filter = { level: level > 10 ? level : "", q: hides || q ? q : "", stream };
    part("filtered").hidden = !filter.level && !filter.q && !stream;
    part("filtered").href = log.source.file("text", filter);
  }

  /** Why there is nothing, in the words of the state. */
  #empty() {
    const { log, part } = this;
    if (!log.list) return;
    const words = this.#whyEmpty();
    part("empty").hidden = !words;
    if (words) part("empty-words").textContent = words;
    part("empty-clear").hidden = !log.kept;
  }

  #whyEmpty() {
    const { log } = this;
    if (log.view.total) return "";
    if (log.kept) return `No line matches – ${grouped(log.kept)} ${log.kept === 1 ? "line is" : "lines are"} hidden.`;
    if (log.box.dataset.empty) return log.box.dataset.empty;
    if (log.isFinal && !log.hasRun) return "No log – no script had taken it.";
    if (log.isFinal) return "The script wrote nothing. Lines come from logger.info(…) in its callback.";
    if (log.state === "queued") return "No log yet – the session has not started.";
    const started = Date.parse(log.box.dataset.start) || this.opened;
    return `Waiting for the first line, ${Math.max(Math.round((Date.now() - started) / 1000), 0)} s so far.`;
  }

  hiddenLine(number) {
    this.part("hidden-line").hidden = !number;
    this.part("hidden-line-words").textContent = `Line ${grouped(number)} is hidden by the filter.`;
  }

  /** The socket's own state, in the foot of the log; the page's pill speaks for the page. */
  line(what) {
    if (what === "gone") return location.reload();
    const isLive = what === "live";
    this.part("line").hidden = isLive;
    this.part("line-words").textContent = isLive ? "" : "Reconnecting… asking every 2 s meanwhile";
  }
}
