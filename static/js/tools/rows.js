// A list that people order: tools, options, branches of a tree. Each row can go up and down, be deleted, and come back.

import { announce, icon, iconButton, make } from "./make.js";
import { drag } from "./drag.js";

export class Rows {
  /**
   * items: the array that is edited, in place. draw(item, rows): the contents of its row. nameOf(item): its name in sentences.
   * belongs(item): which of the array this list shows; the others keep their places. word: what a row is.
   */
  constructor(editor, { items, draw, nameOf, word, belongs = () => true, classes = "", onDelete = () => [] }) {
    Object.assign(this, { editor, items, draw, nameOf, word, belongs, onDelete });
    this.element = make("ol", { class: `ordered ${classes}`.trim() });
    this.shown.forEach((item) => this.element.append(this.row(item)));
    this.mark();
  }

  get shown() {
    return this.items.filter(this.belongs);
  }

  row(item) {
    const row = make("li", { class: "orow" });
    this.editor.rows.set(item, { row, rows: this, open: () => {} });
    row.append(...(this.editor.gone.has(item) ? [this.placeholder(item)] : this.draw(item, this)));
    this.name(item);
    return row;
  }

  rowOf(item) {
    return this.editor.rows.get(item).row;
  }

  // --- order ---

  grip(item) {
    const start = (event) => drag(event, this.rowOf(item), (index) => this.place(item, index));
    return make("span", { class: "grip", "aria-hidden": "true", title: "Drag to another place", pointerdown: start }, icon("grip-vertical"));
  }

  movers(item) {
    const up = iconButton("arrow-up", "", () => this.move(item, -1), { "data-up": true });
    const down = iconButton("arrow-down", "", () => this.move(item, 1), { "data-down": true });
    return [up, down];
  }

  move(item, step) {
    const before = this.shown;
    const index = before.indexOf(item) + step;
    if (index < 0 || index >= before.length) return announce(`${this.nameOf(item)} is ${step < 0 ? "first" : "last"} already.`);
    const row = this.rowOf(item);
    if (step < 0) row.after(this.rowOf(before[index]));
    else row.before(this.rowOf(before[index]));
    this.place(item, index);
    row.scrollIntoView({ block: "nearest" });
  }

  /** Note in the array where the row now stands among the shown ones. */
  place(item, index) {
    const order = this.shown.filter((one) => one !== item);
    if (this.shown[index] === item) return;
    order.splice(index, 0, item);
    const slots = this.items.map((one, n) => (this.belongs(one) ? n : -1)).filter((n) => n >= 0);
    slots.forEach((slot, n) => { this.items[slot] = order[n]; });
    announce(`${this.nameOf(item)} is now ${index + 1} of ${order.length}.`);
    this.mark();
    this.editor.changed();
  }

  /** Say where nothing moves any more, and name the buttons after their rows. */
  mark() {
    const rows = [...this.element.children];
    rows.forEach((row, index) => {
      for (const [name, isEnd] of [["up", index === 0], ["down", index === rows.length - 1]]) {
        const button = row.querySelector(`[data-${name}]`);
        if (button) button.setAttribute("aria-disabled", String(isEnd));
      }
    });
    this.editor.counted();
  }

  /** After its name changed, what its buttons are called changes, too. */
  name(item) {
    const row = this.rowOf(item);
    const name = this.nameOf(item);
    for (const [part, word] of [["up", "Move up"], ["down", "Move down"], ["delete", "Delete"], ["copy", "Duplicate"], ["ask", "Ask more after"]]) {
      const button = row.querySelector(`[data-${part}]`);
      if (!button) continue;
      button.setAttribute("aria-label", `${word}: ${name}`);
      button.title = word;
    }
  }

  // --- adding, deleting, undoing ---

  add(item, after = null) {
    const at = after ? this.items.indexOf(after) + 1 : this.items.length;
    this.items.splice(at, 0, item);
    const row = this.row(item);
    if (after) this.rowOf(after).after(row);
    else this.element.append(row);
    this.mark();
    this.editor.changed({ isNew: true });
    return row;
  }

  addAll(items) {
    this.items.push(...items);
    this.element.append(...items.map((item) => this.row(item)));
    this.mark();
    this.editor.changed();
  }

  remover(item) {
    return iconButton("trash", "", () => this.remove(item), { "data-delete": true });
  }

  remove(item) {
    this.editor.gone.add(item);
    const row = this.rowOf(item);
    row.replaceChildren(this.placeholder(item));
    row.querySelector("button").focus();
    announce(`${this.nameOf(item)} is deleted when you save. Undo is here.`);
    this.mark();
    this.editor.changed();
  }

  placeholder(item) {
    const name = this.nameOf(item);
    const words = make("span", { class: "grow" }, make("b", {}, name), ` goes when you save.`, ...this.onDelete(item).map((said) => make("small", {}, said)));
    const undo = make("button", { type: "button", class: "btn small", "aria-label": `Undo: keep ${name}`, click: () => this.restore(item) }, icon("arrow-back-up"), "Undo");
    return make("div", { class: "goes" }, icon("trash"), words, undo);
  }

  restore(item) {
    this.editor.gone.delete(item);
    const row = this.rowOf(item);
    row.replaceChildren(...this.draw(item, this));
    this.name(item);
    announce(`${this.nameOf(item)} stays.`);
    this.mark();
    this.editor.changed();
    row.querySelector("button, input")?.focus();
  }
}
