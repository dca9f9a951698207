// Questions below something: about each object of a tool, with every answer, or only after one option (parentOptionId).

import { icon, make } from "./make.js";
import { cards } from "./card.js";
import { idsOf } from "./schema.js";
import { addMenu } from "./menu.js";

/** What is asked whenever the item is there, whatever is chosen. */
export function questions(editor, item, after) {
  const isFree = (nested) => !nested.parentOptionId || !idsOf(item).includes(nested.parentOptionId);
  const rows = cards(editor, "classifications", item.classifications, { belongs: isFree, after });
  const title = item.tool in editor.tools ? "Questions about each object" : "Questions asked along with it";
  return make("fieldset", { class: "listbox", "data-field": "classifications" }, make("legend", { class: "label" }, title), rows.element,
    addMenu(editor, "classifications", "Add a question", (kind) => rows.addNew(kind)));
}

/** What is asked once the option `id` is chosen: a button that adds the first, and the box it goes into. */
export function followUps(editor, item, id, after) {
  const rows = cards(editor, "classifications", item.classifications, { belongs: (nested) => nested.parentOptionId === id, parentOptionId: id, after: () => { show(); after(); } });
  const menu = addMenu(editor, "classifications", "Ask more", (kind) => {
    rows.addNew(kind);
    show();
  }, { isSmall: true });
  const box = make("div", { class: "followups" }, make("span", { class: "hint" }, icon("corner-down-right"), "asked when this is chosen"), rows.element);
  const show = () => { box.hidden = rows.shown.length === 0; };
  show();
  return { button: menu, box };
}
