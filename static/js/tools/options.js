// The options of a choice, and the branches of a tree: each with the questions that are asked when it is chosen.

import { icon, iconButton, make, counted, announce } from "./make.js";
import { Rows } from "./rows.js";
import { newId, newNode } from "./schema.js";
import { followUps } from "./nested.js";

export function optionList(editor, item, after) {
  const rows = new Rows(editor, {
    items: item.options,
    nameOf: (option) => option.value || "an option without text",
    word: "option",
    classes: "options",
    onDelete: (option) => goesWith(item, option.schemaId),
    draw: (option, list) => optionRow(editor, item, option, list, { name: "value", id: option.schemaId, after }),
  });
  return listBox("options", "Options", rows, adder(editor, "Add an option", (texts) => {
    rows.addAll(texts.map((value) => ({ value, schemaId: newId() })));
    after();
  }));
}

export function treeList(editor, item, after) {
  if (!Array.isArray(item.treeOptions)) item.treeOptions = [];
  const rows = branches(editor, item, item.treeOptions, after);
  return listBox("treeOptions", "Tree", rows, adder(editor, "Add a branch", (texts) => {
    rows.addAll(texts.map(newNode));
    after();
  }));
}

function branches(editor, item, nodes, after) {
  return new Rows(editor, {
    items: nodes,
    nameOf: (node) => node.title || "a branch without text",
    word: "branch",
    classes: "options",
    onDelete: (node) => [...(node.children.length ? ["what is below it goes, too"] : []), ...goesWith(item, node.key)],
    draw: (node, list) => {
      const below = branches(editor, item, node.children, after);
      const grow = iconButton("binary-tree", `Add below ${node.title}`, () => {
        below.add(newNode("")).querySelector("input").focus();
        after();
      });
      return [...optionRow(editor, item, node, list, { name: "title", id: node.key, after, more: grow }), below.element];
    },
  });
}

/** One line: its text, the buttons, and below it what is asked when it is chosen. */
function optionRow(editor, item, option, list, { name, id, after, more = null }) {
  const control = make("input", {
    class: "input", type: "text", autocomplete: "off", value: option[name] ?? "", "aria-label": list.word === "option" ? "Option" : "Branch",
    input: () => {
      option[name] = control.value;
      list.name(option);
      after();
      editor.changed();
    },
    keydown: (event) => {
      if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        list.move(option, event.key === "ArrowUp" ? -1 : 1);
      }
    },
  });
  const asked = followUps(editor, item, id, after);
  const line = make("div", { class: "optionrow", "data-field": name }, list.grip(option), control, more, asked.button, ...list.movers(option), list.remover(option));
  return [line, asked.box];
}

function goesWith(item, id) {
  const asked = item.classifications.filter((one) => one.parentOptionId === id).length;
  return asked ? [`${counted(asked, "question", "questions")} asked after it ${asked === 1 ? "goes" : "go"}, too`] : [];
}

function listBox(name, title, rows, add) {
  return make("fieldset", { class: "listbox", "data-field": name }, make("legend", { class: "label" }, title), rows.element, add);
}

/** A field whose Enter adds; what is pasted with several lines adds one for each. */
function adder(editor, label, add) {
  const control = make("input", {
    class: "input", type: "text", autocomplete: "off", placeholder: `${label}; paste several, one on each line`, "aria-label": label,
    keydown: (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      take(control.value);
    },
    paste: (event) => {
      const text = event.clipboardData.getData("text");
      if (!/[\r\n]/.test(text.trim())) return;
      event.preventDefault();
      take(text);
    },
  });
  function take(text) {
    const texts = text.split(/\r?\n/).map((one) => one.trim()).filter(Boolean);
    if (!texts.length) return control.focus();
    add(texts);
    announce(texts.length === 1 ? `${texts[0]} was added.` : `${texts.length} were added.`);
    control.value = "";
    control.focus();
  }
  return make("div", { class: "adder" }, control, make("button", { type: "button", class: "btn", click: () => take(control.value) }, icon("plus"), "Add"));
}
