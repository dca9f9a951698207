// Checking an import: a chosen file is put where it can be read, and what is told can be shown in the JSON.
// Without this script the same form is sent as it is.

import { placeOf } from "./place.js";

const MOST_SHOWN_BYTES = 4 * 2 ** 20;
const LINES_ABOVE = 3;

const form = document.querySelector("[data-check]");
const area = form.elements.text;

form.elements.file.addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  const isRefused = refuse("file", file?.name, file?.size ?? 0);
  if (isRefused) target.value = "";
  if (!file || isRefused || file.size > MOST_SHOWN_BYTES) return;
  area.value = await file.text();
  target.value = "";
  form.querySelector("[type=submit]").focus();
});

// Each end of a line is sent as two characters.
form.addEventListener("submit", (event) => {
  const { value } = area;
  if (refuse("text", "What you pasted", new Blob([value]).size + value.split("\n").length - 1)) event.preventDefault();
});

/** Say that something is too large before it is sent, where it is; the server would break the line off. */
function refuse(field, name, bytes) {
  const said = form.querySelector(`[data-too-large="${field}"]`);
  said.hidden = bytes <= Number(form.dataset.mostBytes);
  if (said.hidden) return false;
  const megabytes = (bytes / 2 ** 20).toFixed(1);
  said.querySelector("span").textContent = `${name} has ${megabytes} MB. A check takes ${form.dataset.most}: check a part of it.`;
  form.elements[field].focus();
  return true;
}

for (const button of document.querySelectorAll("[data-path]")) {
  button.disabled = !area.value.trim();
  button.addEventListener("click", () => show(...placeOf(area.value, button.dataset.path)));
}

document.getElementById("told")?.scrollIntoView({ block: "nearest" });

/** Select a part of the text and bring it into sight, down and across. */
function show(start, end) {
  const before = area.value.slice(0, start);
  const line = before.split("\n").length - 1;
  const column = start - (before.lastIndexOf("\n") + 1);
  const style = getComputedStyle(area);
  area.scrollIntoView({ block: "center" });
  area.focus({ preventScroll: true });
  area.setSelectionRange(start, end);
  area.scrollTop = Math.max(line - LINES_ABOVE, 0) * parseFloat(style.lineHeight);
  area.scrollLeft = Math.max(column * widthOfCharacter(style) - area.clientWidth / 3, 0);
}

function widthOfCharacter(style) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `${style.fontSize} ${style.fontFamily}`;
  return context.measureText("0").width;
}
