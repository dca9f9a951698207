// The fields of one item: each writes into the item it was made for, and carries the name by which errors find it.

import { make, newElementId, swatch } from "./make.js";

/** A labelled control; `data-field` is how the path of an error ends. */
export function field(name, label, control, hint = "", ...more) {
  control.id ||= newElementId();
  const hintId = `${control.id}-hint`;
  if (hint) control.setAttribute("aria-describedby", hintId);
  return make("div", { class: "field", "data-field": name },
    make("label", { for: control.id }, label), control, ...more,
    hint ? make("span", { class: "hint", id: hintId }, hint) : null);
}

export function textField(editor, item, name, label, { hint = "", given = {}, empty = "", after = () => {} } = {}) {
  const control = make("input", {
    class: "input", type: "text", autocomplete: "off", spellcheck: "false", value: item[name] ?? "", ...given,
    input: () => {
      item[name] = control.value === "" ? empty : control.value;
      after();
      editor.changed();
    },
  });
  return field(name, label, control, hint);
}

export function switchField(editor, item, name, label, hint, after = () => {}) {
  const control = make("input", {
    type: "checkbox", checked: Boolean(item[name]),
    change: () => {
      item[name] = control.checked;
      after();
      editor.changed();
    },
  });
  return make("label", { class: "check", "data-field": name }, control, make("span", {}, label, make("small", {}, hint)));
}

export function kindField(editor, list, item, after) {
  const kinds = editor.kinds[list];
  const known = kinds.some((one) => one.kind === item.tool);
  const options = kinds.map((one) => make("option", { value: one.kind, selected: one.kind === item.tool }, one.word));
  if (!known) options.unshift(make("option", { value: item.tool ?? "", selected: true }, `${item.tool ?? "none"}: not a kind`));
  const control = make("select", { class: "select", change: () => after(control.value) }, ...options);
  return field("tool", "Kind", control);
}

const HEX = /^#[0-9a-f]{6}$/i;

/** The browser's own picker, the six digits, and colours that stand out from light and dark pictures alike. */
export function colorField(editor, item, after) {
  const picker = make("input", { class: "input", type: "color", "aria-label": "Pick any colour", input: () => set(picker.value) });
  const digits = make("input", { class: "input mono", type: "text", maxlength: "7", spellcheck: "false", autocomplete: "off", input: () => set(digits.value.trim(), digits) });
  const palette = editor.palette.map(([color, name]) => make("button", {
    type: "button", class: "icon-btn", "aria-label": `${name}, ${color}`, title: name, "data-color": color, click: () => set(color),
  }, swatch(color)));

  function set(color, source) {
    item.color = color;
    show(source);
    after();
    editor.changed();
  }

  function show(source) {
    const color = String(item.color ?? "");
    if (HEX.test(color)) picker.value = color.toLowerCase();
    if (source !== digits) digits.value = color;
    for (const button of palette) button.setAttribute("aria-pressed", String(button.dataset.color === color.toLowerCase()));
  }

  show();
  const shown = field("color", "Colour", digits);
  shown.append(make("span", { class: "colorpair" }, picker, digits), make("div", { class: "swatches", role: "group", "aria-label": "Colours that stand out" }, palette));
  return shown;
}

/** A pattern for texts, and a field to try it with. */
export function regexField(editor, item) {
  const verdict = make("span", { class: "hint", role: "status" });
  const trial = make("input", { class: "input", type: "text", autocomplete: "off", placeholder: "Type a text to try it", "aria-label": "Try the pattern", input: () => say() });
  const say = () => { verdict.textContent = verdictOn(item.regex, trial.value); };
  const shown = textField(editor, item, "regex", "Pattern", { hint: "a regular expression that the text has to fit; empty for any text", given: { class: "input mono" }, empty: null, after: say });
  shown.append(trial, verdict);
  say();
  return shown;
}

function verdictOn(pattern, text) {
  if (!pattern) return "";
  try {
    const fits = new RegExp(pattern, "u").test(text);
    if (text === "") return "";
    return fits ? `«${text}» fits.` : `«${text}» does not fit.`;
  } catch (error) {
    return `Not a regular expression: ${error.message.replace(/^Invalid regular expression: /, "")}`;
  }
}
