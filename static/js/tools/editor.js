// The editor: three lists of cards over one schema, what is known of the kinds, and which objects go when it is saved.

import { make } from "./make.js";
import { cards } from "./card.js";
import { addMenu } from "./menu.js";
import { LISTS, plain } from "./schema.js";

const TITLES = {
  tools: ["Drawn on the asset", "Add a tool", "Nothing is drawn yet. Model classes are mapped to the tools of this list."],
  classifications: ["Asked about the asset", "Add a question", "Nothing is asked about the asset as a whole yet."],
  relations: ["Relations between objects", "Add a relation", "Objects are not put in relation to each other yet."],
};

export class Editor {
  /** `given` is what the server says: the kinds, colours, what each tool is used for, and what kinds are saved. */
  constructor(root, given, { onChange, onFields, markOf }) {
    Object.assign(this, { root, kinds: given.kinds, palette: given.palette, uses: given.uses, saved: given.saved, onChange, onFields, markOf });
    this.byKind = new Map(LISTS.flatMap((list) => given.kinds[list].map((one) => [one.kind, one])));
    this.tools = Object.fromEntries(given.kinds.tools.map((one) => [one.kind, true]));
    this.gone = new Set();
    this.rows = new Map();
  }

  // --- what is known ---

  kindOf = (kind) => this.byKind.get(kind);
  word = (kind) => this.kindOf(kind)?.word ?? "Unknown kind";
  iconOf = (kind) => this.kindOf(kind)?.icon ?? "tag";
  savedKind = (item) => this.saved[item.schemaId];

  /** What is said of a tool that is used: «mapped by Detector: Car», «1,204 objects». */
  usesOf(item) {
    const known = this.uses[item.schemaId];
    if (!known) return [];
    return [known.mapped.length && `mapped by ${known.mapped.slice(0, 3).join(", ")}${known.mapped.length > 3 ? ` and ${known.mapped.length - 3} more` : ""}`, known.objects].filter(Boolean);
  }

  /** A colour that the fewest have. */
  nextColor() {
    const taken = LISTS.flatMap((list) => this.schema[list]).map((item) => String(item.color ?? "").toLowerCase());
    const used = (color) => taken.filter((one) => one === color).length;
    return this.palette.map(([color]) => color).reduce((best, color) => (used(color) < used(best) ? color : best));
  }

  // --- showing a schema ---

  show(schema) {
    this.schema = schema;
    this.gone.clear();
    this.rows.clear();
    this.sections = LISTS.map((list) => this.section(list));
    this.root.replaceChildren(...this.sections.map((one) => one.element));
    this.counted();
  }

  section(list) {
    const [title, add, empty] = TITLES[list];
    const rows = cards(this, list, this.schema[list], { belongs: () => true });
    const count = make("span", { class: "n quiet" });
    const none = make("p", { class: "hint none" }, empty);
    const header = make("header", {}, make("h2", {}, title), count, make("span", { class: "push" }, addMenu(this, list, add, (kind) => rows.addNew(kind), { isAtEnd: true })));
    const element = make("section", { class: "panel toolsection", "aria-label": title, "data-list": list }, header, rows.element, none);
    return { element, rows, count, none };
  }

  /** The numbers at the headings. */
  counted() {
    for (const { rows, count, none } of this.sections ?? []) {
      const kept = rows.items.filter((item) => !this.gone.has(item)).length;
      count.textContent = kept || "";
      none.hidden = rows.items.length > 0;
    }
  }

  changed({ isNew = false } = {}) {
    this.onChange(isNew);
  }

  // --- what comes out ---

  plain(origins) {
    return plain(this.schema, (one) => this.gone.has(one), origins);
  }

  plainOf(item) {
    return plain({ tools: [item], classifications: [], relations: [] }, (one) => this.gone.has(one)).tools[0];
  }

  /** Open the card of an item, if it has one, and give its row. */
  open(item) {
    const known = this.rows.get(item);
    known?.open();
    return known?.row;
  }

  refreshAll() {
    for (const { refresh } of this.rows.values()) refresh?.();
  }

  /** Show only those whose titles have the words. */
  filter(words) {
    const wanted = words.trim().toLowerCase();
    let shown = 0;
    for (const { rows } of this.sections) {
      for (const item of rows.items) {
        const fits = JSON.stringify([item.title, item.schemaId, item.options.map((option) => option.value)]).toLowerCase().includes(wanted);
        rows.rowOf(item).hidden = !fits;
        shown += fits;
      }
    }
    return shown;
  }
}

