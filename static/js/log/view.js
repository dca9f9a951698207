// The rows of the log: the lines that a filter lets by, with what happened between them. Lines live in pages of 500,
// of which only those near the reader are kept; any of them can be fetched at any time.

import { numberOf } from "./levels.js";
import { PAGE } from "./source.js";

const MOST_PAGES = 40;
const RETRY_MS = 1500;
const FAR_BEHIND = 5000;

export class View {
  constructor(source, changed) {
    this.source = source;
    this.changed = changed; // (what) => void: "rows" when rows were added or filled, "all" when everything is new
    this.filter = {};
    this.showsEvents = true;
    this.last = 0;
    this.base = 0; // lines that are kept no more, or stand before the part that is shown
    this.opening = 0;
    this.#clear();
  }

  #clear() {
    this.pages = new Map(); // answers for another map than this one come too late and are dropped
    this.loading = new Set();
    this.marks = [];
    this.total = 0;
    this.events = [];
    this.scanned = 0;
    this.growing = false;
  }

  get isFiltered() {
    return Boolean(this.filter.q || this.filter.stream) || (this.filter.level ?? 0) > 10;
  }

  get shownEvents() {
    return this.showsEvents && !this.filter.q && !this.filter.stream ? this.events : [];
  }

  get length() {
    return this.total + this.shownEvents.length;
  }

  /** Begin anew with this filter; the old rows stay until the new ones are known. */
  async open(filter, last) {
    const opening = (this.opening += 1);
    const index = await this.source.index(filter);
    if (this.opening !== opening) return false;
    this.#clear();
    this.filter = filter;
    this.last = Math.max(last, this.last);
    this.marks = index.marks;
    this.events = index.events;
    this.base = (index.first ?? 1) - 1;
    this.total = this.isFiltered ? index.total : Math.max(index.total, this.last - this.base);
    this.last = Math.max(this.last, this.isFiltered ? 0 : this.base + index.total);
    this.scanned = this.last;
    await this.#load(Math.max(Math.ceil(this.total / PAGE) - 1, 0));
    this.changed("all");
    return true;
  }

  // --- rows ---

  /** The row at a place: a line (perhaps not here yet), or an event. */
  at(row) {
    const events = this.shownEvents;
    const before = this.#eventsBefore(row);
    const event = events[before];
    if (event && Math.min(event.rank, this.total) + before === row) return { key: `E${event.id}`, event };
    const rank = row - before;
    const line = this.pages.get(Math.floor(rank / PAGE))?.[rank % PAGE];
    return line ? { key: `L${line.number}`, line } : { key: `P${row}` };
  }

  /** How many events stand above a row. */
  #eventsBefore(row) {
    const events = this.shownEvents;
    let low = 0, high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Math.min(events[middle].rank, this.total) + middle < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rowOfRank(rank) {
    const events = this.shownEvents;
    let low = 0, high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (events[middle].rank <= rank) low = middle + 1;
      else high = middle;
    }
    return rank + low;
  }

  /** The row of a line by its number, or null when the filter hides it. */
  async rowOf(number) {
    if (number <= this.base || number > this.last) return null;
    if (!this.isFiltered) return this.#rowOfRank(number - 1 - this.base);
    const page = this.#pageOfNumber(number);
    if (!this.pages.has(page)) await this.#load(page);
    const index = this.pages.get(page)?.findIndex((line) => line.number === number) ?? -1;
    return index < 0 ? null : this.#rowOfRank(page * PAGE + index);
  }

  #pageOfNumber(number) {
    let low = 0, high = this.marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.marks[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Fetch what is missing between two rows, and let go of what is far from them. */
  need(first, last) {
    const from = Math.max(Math.floor((first - this.#eventsBefore(first)) / PAGE), 0);
    const to = Math.floor(Math.max(last - this.#eventsBefore(last), 0) / PAGE);
    for (let page = from; page <= to; page += 1) if (!this.#isWhole(page)) this.#load(page);
    if (this.pages.size <= MOST_PAGES) return;
    for (const page of this.pages.keys()) {
      if (page < from - MOST_PAGES / 4 || page > to + MOST_PAGES / 4) this.pages.delete(page);
    }
  }

  #isWhole(page) {
    const have = this.pages.get(page)?.length ?? 0;
    return have >= Math.min(PAGE, this.total - page * PAGE);
  }

  async #load(page) {
    const { pages, loading } = this;
    if (loading.has(page)) return;
    if (!pages.has(page) && this.#startOf(page) === undefined) return this.#reindex();
    loading.add(page);
    try {
      await this.#fill(page);
      if (this.pages === pages) this.changed("rows");
    } catch {
      setTimeout(() => { if (this.pages === pages) this.changed("rows"); }, RETRY_MS);
    } finally {
      loading.delete(page);
    }
  }

  /** What a page lacks at its end. */
  async #fill(page) {
    const { pages } = this;
    const before = pages.get(page) ?? [];
    const after = before.at(-1)?.number ?? this.#startOf(page);
    const answer = await this.source.lines(after, { filter: { ...this.filter, total: "no" }, limit: PAGE - before.length });
    if (this.pages !== pages) return;
    const now = pages.get(page) ?? [];
    const known = now.at(-1)?.number ?? after;
    this.#keep(page, now.concat(answer.lines.filter((line) => line.number > known)));
  }

  #startOf(page) {
    if (!this.isFiltered) return this.base + page * PAGE;
    return page === 0 ? 0 : this.marks[page - 1];
  }

  #keep(page, lines) {
    const kept = lines.slice(0, PAGE);
    this.pages.set(page, kept);
    if (kept.length === PAGE && this.isFiltered) this.marks[page] ??= kept.at(-1).number;
  }

  // --- what is new ---

  /** Take in what the server told. */
  grow(news) {
    this.last = Math.max(this.last, news.last);
    if (!this.isFiltered) {
      if (news.lines) this.#append(news.lines);
      else if (this.total < this.last - this.base) this.#advance();
    } else if (news.lines && !this.filter.q && !this.filter.stream && this.scanned === (news.lines[0]?.number ?? 0) - 1) {
      this.#take(news.lines.filter((line) => numberOf(line.level) >= this.filter.level), this.last);
    } else if (this.scanned < this.last) {
      this.#scan();
    }
    this.#addEvents(news.events);
  }

  #append(lines) {
    this.total = this.last - this.base;
    for (const line of lines) {
      const rank = line.number - 1 - this.base;
      const page = Math.floor(rank / PAGE);
      const known = this.pages.get(page);
      if (known ? known.length === rank % PAGE : rank % PAGE === 0) {
        if (known) known.push(line);
        else this.pages.set(page, [line]);
      }
    }
  }

  /** Too many lines to be sent: the end is fetched before it is shown, so that who follows sees no gap. */
  async #advance() {
    if (this.growing) return;
    const { pages } = this;
    this.growing = true;
    try {
      while (this.pages === pages && this.total < this.last - this.base) {
        const count = this.last - this.base;
        await this.#fill(Math.floor((count - 1) / PAGE));
        if (this.pages !== pages) return;
        this.total = Math.max(this.total, count);
        this.changed("grown");
      }
    } catch {
      if (this.pages === pages) this.total = this.last - this.base; // rows in sight are fetched again until they come
    } finally {
      if (this.pages === pages) this.growing = false;
    }
  }

  /** New lines that the filter lets by, in order, all of them up to `upto`. */
  #take(lines, upto) {
    for (const line of lines) {
      const page = Math.floor(this.total / PAGE);
      const place = this.total % PAGE;
      const known = this.pages.get(page);
      if (known ? known.length === place : place === 0) this.#keep(page, [...(known ?? []), line]);
      this.total += 1;
      if (this.total % PAGE === 0) this.marks[this.total / PAGE - 1] = line.number;
    }
    this.scanned = Math.max(this.scanned, upto);
  }

  async #scan() {
    if (this.growing) return;
    if (this.last - this.scanned > FAR_BEHIND) return this.#reindex();
    const { pages } = this;
    this.growing = true;
    try {
      while (this.pages === pages && this.scanned < this.last) {
        const upto = this.last;
        const answer = await this.source.lines(this.scanned, { filter: { ...this.filter, total: "no" } });
        if (this.pages !== pages) return;
        const fresh = answer.lines.filter((line) => line.number > this.scanned);
        this.#take(fresh, answer.next ?? Math.max(upto, fresh.at(-1)?.number ?? 0));
        this.changed("grown");
      }
    } catch {
      // the next news brings us here again
    } finally {
      if (this.pages === pages) this.growing = false;
    }
  }

  async #reindex() {
    if (this.growing) return;
    const { pages } = this;
    this.growing = true;
    try {
      const upto = this.last;
      const index = await this.source.index(this.filter);
      if (this.pages !== pages) return;
      this.marks = index.marks;
      this.events = index.events;
      this.total = Math.max(index.total, this.total);
      this.scanned = Math.max(this.scanned, upto);
      this.changed("grown");
    } catch {
      // the next news brings us here again
    } finally {
      if (this.pages === pages) this.growing = false;
    }
  }

  #addEvents(events) {
    const known = new Set(this.events.map((event) => event.id));
    const fresh = events.filter((event) => !known.has(event.id));
    if (!fresh.length) return;
    for (const event of fresh) if (this.isFiltered) event.rank = this.total - this.#newerThan(event.after_line);
    this.events = [...this.events, ...fresh].sort((a, b) => a.rank - b.rank || a.id - b.id);
    if (fresh.some((event) => event.rank < this.total)) this.changed("moved");
  }

  /** How many of the last lines came after a number. */
  #newerThan(number) {
    const lines = this.pages.get(Math.floor(Math.max(this.total - 1, 0) / PAGE)) ?? [];
    return lines.filter((line) => line.number > number).length;
  }
}
