// One tool, classification or relation: a line that says what it is, and behind it all that it can be given.

import { announce, counted, icon, iconButton, make, newElementId, swatch } from "./make.js";
import { Rows } from "./rows.js";
import { colorField, kindField, regexField, switchField, textField } from "./fields.js";
import { duplicate, newItem, treeOf } from "./schema.js";
import { optionList, treeList } from "./options.js";
import { questions } from "./nested.js";

const KNOWN = new Set([
  "tool", "title", "required", "columnField", "schemaId", "color", "shortcutKey", "classifications", "options", "regex",
  "treeOptions", "parentOptionId", "frameSpecific", "showDropdown", "richText",
]);

/** A list of cards. `addNew(kind)` adds one, open and ready to be named. */
export function cards(editor, list, items, { belongs, parentOptionId = null, after = () => {} } = {}) {
  const rows = new Rows(editor, {
    items,
    belongs,
    classes: "toolcards",
    word: "tool",
    nameOf: (item) => item.title || `${editor.word(item.tool)} without a title`,
    onDelete: (item) => editor.usesOf(item),
    draw: (item, own) => new Card(editor, list, item, own, after).parts,
  });
  rows.addNew = (kind) => {
    const item = newItem(list, kind, editor.nextColor());
    if (parentOptionId) item.parentOptionId = parentOptionId;
    rows.add(item);
    after(); // which may show the list that it stands in
    editor.open(item).querySelector("[data-field=title] input").focus();
    announce(`${editor.word(kind)} was added. Give it a title.`);
    return item;
  };
  return rows;
}

class Card {
  constructor(editor, list, item, rows, after) {
    Object.assign(this, { editor, list, item, rows, after });
    this.wasKind = editor.savedKind(item);
    this.body = make("div", { class: "toolbody", id: newElementId(), hidden: true });
    this.title = make("button", { type: "button", class: "tooltitle", "aria-expanded": "false", "aria-controls": this.body.id, click: () => this.toggle(), keydown: (event) => this.key(event) });
    this.head = make("div", { class: "toolhead" });
    this.parts = [make("div", { class: "toolcard" }, this.head, this.body)];
    editor.rows.get(item).open = () => this.open();
    editor.rows.get(item).refresh = () => this.refresh();
    this.drawHead();
  }

  drawHead() {
    const copy = iconButton("copy-plus", "", () => this.copy(), { "data-copy": true });
    this.meta = make("span", { class: "toolmeta" });
    this.head.append(this.rows.grip(this.item), this.title, this.meta,
      make("span", { class: "toolbuttons" }, ...this.rows.movers(this.item), copy, this.rows.remover(this.item)));
    this.refresh();
  }

  /** What the line says, after something changed. */
  refresh() {
    const { item, editor } = this;
    const name = make("b", {}, item.title || "without a title");
    if (!item.title) name.classList.add("quiet");
    this.title.replaceChildren(icon("chevron-right", "turn"), swatch(String(item.color ?? "")), name);
    const kept = (list) => list.filter((one) => !editor.gone.has(one));
    const options = item.treeOptions?.length ? kept(item.treeOptions).length : kept(item.options).length;
    const asked = kept(item.classifications).length;
    const facts = [
      options && counted(options, item.treeOptions?.length ? "branch" : "option", item.treeOptions?.length ? "branches" : "options"),
      asked && counted(asked, "question", "questions"),
    ].filter(Boolean);
    this.meta.replaceChildren(...[
      make("span", { class: "kindword" }, icon(editor.iconOf(item.tool)), editor.word(item.tool)),
      facts.length ? make("span", { class: "quiet" }, facts.join(", ")) : null,
      item.required ? make("span", { class: "tag" }, "required") : null,
      item.shortcutKey ? make("kbd", { title: "Shortcut key" }, item.shortcutKey) : null,
      ...editor.usesOf(item).map((said) => make("span", { class: "quiet small usedby" }, said)),
      editor.markOf(item),
    ].filter(Boolean));
  }

  changed() {
    this.refresh();
    this.rows.name(this.item);
    this.after();
  }

  // --- open and closed ---

  toggle() {
    if (this.body.hidden) this.open();
    else this.close();
  }

  open() {
    const isNew = !this.body.childElementCount;
    if (isNew) this.fill();
    this.body.hidden = false;
    this.title.setAttribute("aria-expanded", "true");
    if (isNew) this.editor.onFields();
  }

  close() {
    this.body.hidden = true;
    this.title.setAttribute("aria-expanded", "false");
  }

  key(event) {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    this.rows.move(this.item, event.key === "ArrowUp" ? -1 : 1);
  }

  copy() {
    const copied = duplicate(this.item);
    this.rows.add(copied, this.item);
    this.editor.open(copied).querySelector("[data-field=title] input").select();
    this.after();
    announce(`${this.rows.nameOf(this.item)} was duplicated.`);
  }

  // --- what is behind it ---

  fill() {
    const { editor, item, list } = this;
    const changed = () => this.changed();
    this.more = make("div", { class: "stack" });
    this.was = make("span", { class: "hint kindwas" });
    const kind = kindField(editor, list, item, (chosen) => this.become(chosen));
    kind.append(this.was);
    this.body.append(
      make("div", { class: "toolfields" },
        textField(editor, item, "title", "Title", { hint: list === "tools" ? "called as the model's class, it is mapped by name" : "", given: { maxlength: "500" }, after: changed }),
        kind,
        colorField(editor, item, changed),
        textField(editor, item, "shortcutKey", "Shortcut key", { given: { maxlength: "40", class: "input keyinput" }, after: changed })),
      this.more, this.facts());
    this.fillMore();
  }

  /** What depends on the kind. */
  fillMore() {
    const { editor, item, list } = this;
    const options = editor.kindOf(item.tool)?.options ?? "";
    const changed = () => this.changed();
    this.was.textContent = this.wasKind && this.wasKind !== item.tool
      ? [`It was: ${editor.word(this.wasKind)}. What is drawn or answered keeps its form.`, ...editor.usesOf(item)].join(" ") : "";
    this.more.replaceChildren(...[
      make("div", { class: "switches" }, this.switches(changed)),
      item.tool === "text" || item.regex ? regexField(editor, item) : null,
      options === "tree" ? treeList(editor, item, changed) : null,
      options === "list" || (options === "" && item.options.length) ? optionList(editor, item, changed) : null,
      list === "relations" && !item.classifications.length ? null : questions(editor, item, changed),
    ].filter(Boolean));
  }

  switches(changed) {
    const { editor, item, list } = this;
    const options = editor.kindOf(item.tool)?.options ?? "";
    const isQuestion = list === "classifications";
    const offered = [
      ["required", "Required", isQuestion ? "the task cannot be completed without an answer" : "at least one has to be there", true],
      ["frameSpecific", "For each frame", "asked anew on each frame or page", isQuestion],
      ["showDropdown", "As a drop-down", "the options are folded away until asked for", options !== ""],
      ["richText", "Formatted text", "with bold, lists and links", item.tool === "text"],
      ["columnField", "Column of a table", "its answer is a column in table labeling", list !== "relations"],
    ];
    return offered.filter(([name, , , applies]) => applies || item[name]).map(([name, label, hint]) => switchField(editor, item, name, label, hint, changed));
  }

  become(kind) {
    const { item, editor } = this;
    const toTree = editor.kindOf(kind)?.options === "tree";
    if (toTree && !item.treeOptions?.length) item.treeOptions = item.options.length ? treeOf(item.options.filter((one) => !editor.gone.has(one))) : [];
    if (!toTree && item.treeOptions?.length) this.leaveTree();
    item.tool = kind;
    this.fillMore();
    this.changed();
    editor.changed();
  }

  /** Its paths stay as plain options. */
  leaveTree() {
    this.item.options = this.editor.plainOf(this.item).options;
    this.item.treeOptions = [];
  }

  facts() {
    const { item } = this;
    const others = Object.keys(item).filter((name) => !KNOWN.has(name)).sort(); // databases keep them in orders of their own
    return make("div", { class: "toolfacts" },
      make("span", { class: "copyable" }, make("span", { class: "hint" }, "schemaId"), make("code", { class: "small" }, item.schemaId),
        make("button", { type: "button", class: "icon-btn", "data-text": item.schemaId, "aria-label": `Copy the schemaId of ${item.title || "this"}`, title: "Copy" }, icon("copy"))),
      others.length ? make("span", { class: "hint" }, `Also has ${others.join(", ")}: kept as ${others.length === 1 ? "it is" : "they are"}; edit in the JSON view.`) : null);
  }
}
