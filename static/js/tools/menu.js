// The menu from which a kind is chosen: a <details>, so that it opens without us; page.js moves in it with the arrows.

import { icon, make } from "./make.js";

export function addMenu(editor, list, label, add, { isSmall = false, isAtEnd = isSmall } = {}) {
  const summary = isSmall
    ? make("summary", { class: "icon-btn", title: "Ask a question when this is chosen", "data-ask": true, "aria-label": label }, icon("question-mark"))
    : make("summary", { class: "btn small" }, icon("plus"), label, icon("chevron-down"));
  const menu = make("details", { class: "menu kindmenu" }, summary);
  // Its contents are made when it is first pressed, before it opens: a long list of options has as many menus.
  summary.addEventListener("click", () => {
    if (menu.childElementCount > 1) return;
    menu.append(make("div", { class: `list${isAtEnd ? "" : " start"}` }, editor.kinds[list].map((one) => make("button", {
      type: "button", class: "item",
      click: () => {
        menu.open = false;
        add(one.kind);
      },
    }, icon(one.icon), make("span", {}, make("span", {}, one.word), make("small", {}, one.hint))))));
  });
  return menu;
}
