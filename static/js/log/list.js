// A list that draws only the rows in sight. Rows begin as 20 px each and are measured when drawn; the reader's text
// never moves: whatever changes above it, the row at the top of the pane stays where it is.

import { Heights, ROW } from "./heights.js";

const BROWSERS_LIMIT = 15_000_000; // Firefox and Safari clamp elements soon after
const OVERSCAN = 400;

export class List {
  /** `draw(item)` makes a row's element; `moved(list)` is told when what is in sight changed. */
  constructor(pane, { count, item, draw, moved, followed }) {
    this.pane = pane;
    this.spool = pane.querySelector(".spool");
    this.rows = pane.querySelector(".rows-in-sight");
    Object.assign(this, { count, item, draw, moved, followed });
    this.heights = new Heights();
    this.elements = new Map(); // key → element, of the rows in sight
    this.top = 0; // of the pane, in the list's own pixels
    this.follows = false;
    this.first = this.last = 0;
    this.placed = -1;
    this.frame = null;
    pane.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(pane);
  }

  // --- geometry ---

  get room() {
    return this.pane.clientHeight - this.#padding;
  }

  get #padding() {
    this.paddings ??= parseFloat(getComputedStyle(this.pane).paddingTop) + parseFloat(getComputedStyle(this.pane).paddingBottom);
    return this.paddings;
  }

  get whole() {
    return this.heights.total(this.count());
  }

  get furthest() {
    return Math.max(this.whole - this.room, 0);
  }

  /** The list's pixels for each pixel of the scroll bar: 1, unless the list is higher than browsers can do. */
  get #scale() {
    const room = this.room;
    return this.whole <= BROWSERS_LIMIT ? 1 : (this.whole - room) / (BROWSERS_LIMIT - room);
  }

  get isAtEnd() {
    return this.top >= this.furthest - 2;
  }

  // --- moving ---

  #scrolled() {
    const at = this.pane.scrollTop;
    if (Math.abs(at - this.placed) < 1) return;
    const before = this.top;
    this.placed = at;
    this.top = Math.min(at * this.#scale, this.furthest);
    if (this.top < before - 1 && !this.isAtEnd) this.follow(false);
    else if (this.isAtEnd) this.follow(true);
    this.#render();
  }

  follow(on) {
    if (on) this.top = this.furthest;
    if (this.follows !== on) {
      this.follows = on;
      this.followed(on);
    }
    if (on) this.schedule();
  }

  /** Move by so many pixels, as the wheel would. */
  by(pixels) {
    this.#go(this.top + pixels, pixels);
  }

  toStart() {
    this.#go(0, -1);
  }

  #go(top, direction) {
    this.top = Math.max(0, Math.min(top, this.furthest));
    if (direction < 0) this.follow(false);
    else if (this.isAtEnd) this.follow(true);
    this.schedule();
  }

  /** Put a row into the middle; where it already is in sight, leave it there if `gently`. */
  show(row, { gently = false } = {}) {
    const y = this.heights.top(row);
    const isInSight = y >= this.top + ROW && y <= this.top + this.room - 2 * ROW;
    this.follow(false);
    if (!(gently && isInSight)) this.top = Math.max(0, Math.min(y - this.room / 2, this.furthest));
    this.schedule();
  }

  // --- drawing ---

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#render();
    });
  }

  /** Forget how high rows were: they are drawn in another way now. The row at the top stays. */
  remeasure() {
    const anchor = this.#anchor();
    this.heights.clear();
    this.#restore(anchor);
    this.redraw();
  }

  redraw() {
    this.elements.clear();
    this.rows.replaceChildren();
    this.schedule();
  }

  resized() {
    this.paddings = undefined;
    const width = this.pane.clientWidth;
    if (this.width !== undefined && this.width !== width) this.remeasure();
    this.width = width;
    if (this.follows) this.top = this.furthest;
    this.schedule();
  }

  #anchor() {
    const row = this.heights.rowAt(this.top, this.count());
    return { row, into: this.top - this.heights.top(row) };
  }

  #restore(anchor) {
    this.top = this.follows ? this.furthest : Math.max(0, Math.min(this.heights.top(anchor.row) + anchor.into, this.furthest));
  }

  #render() {
    for (let round = 0; round < 4; round += 1) {
      if (this.follows) this.top = this.furthest;
      this.top = Math.max(0, Math.min(this.top, this.furthest));
      this.#draw();
      this.#place();
      const anchor = this.#anchor();
      if (!this.#measure()) break;
      this.#restore(anchor);
    }
    this.#place();
    this.moved(this);
  }

  #draw() {
    const count = this.count();
    this.first = count ? this.heights.rowAt(Math.max(this.top - OVERSCAN, 0), count) : 0;
    this.last = count ? this.heights.rowAt(this.top + this.room + OVERSCAN, count) : -1;
    const wanted = [];
    const kept = new Map();
    for (let row = this.first; row <= this.last; row += 1) {
      const item = this.item(row);
      const element = this.elements.get(item.key) ?? this.draw(item);
      kept.set(item.key, element);
      wanted.push(element);
    }
    this.elements = kept;
    this.#swap(wanted);
  }

  /** Touch only what differs, so that a selection in rows that stay is kept. */
  #swap(wanted) {
    const stays = new Set(wanted);
    for (const old of [...this.rows.children]) if (!stays.has(old)) old.remove();
    let here = this.rows.firstElementChild;
    for (const element of wanted) {
      if (element === here) here = here.nextElementSibling;
      else this.rows.insertBefore(element, here);
    }
  }

  #measure() {
    let isChanged = false;
    let row = this.first;
    for (const element of this.rows.children) {
      isChanged = this.heights.set(row, element.offsetHeight) || isChanged;
      row += 1;
    }
    return isChanged;
  }

  #place() {
    const height = Math.min(this.whole, BROWSERS_LIMIT);
    if (this.height !== height) this.spool.style.height = `${this.height = height}px`;
    const at = this.top / this.#scale;
    if (Math.abs(this.pane.scrollTop - at) >= 1) this.pane.scrollTop = at;
    this.placed = this.pane.scrollTop;
    const shift = this.heights.top(this.first) - this.top + this.placed;
    this.rows.style.transform = `translateY(${Math.round(shift)}px)`;
  }
}
