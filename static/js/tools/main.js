// The labeling tools' page: two views of the same value, and one text field that is sent. Without this script the field is all there is.

import { toast } from "../page.js";
import { Editor } from "./editor.js";
import { announce, icon, make, setIcons } from "./make.js";
import { Problems } from "./problems.js";
import { parse, prepare, textOf, unfit, LISTS } from "./schema.js";

const form = document.querySelector("[data-tools]");
const area = form.elements.schema;
const part = (name) => form.querySelector(`[data-${name}]`);
const given = JSON.parse(document.getElementById("tools-editor").textContent);
setIcons(form.dataset.icons);

let view = "";
let isDirty = "unsaved" in form.dataset;
let isSending = false;
let shownText = ""; // what the editor was given; what was not changed is sent as it came
let isTouched = false;

// --- the two views ---

const editor = new Editor(part("editor"), given, { onChange: changed, onFields: () => problems.showAtFields(), markOf: (item) => problems.markOf(item) });
const problems = new Problems(form, {
  isJson: () => view === "json",
  lineTo,
  origins: () => {
    const sources = new Map();
    if (view === "json" || !editor.schema) return { root: {}, sources };
    return { root: editor.plain(sources), sources };
  },
  open: (item, { isAsked }) => (isAsked ? editor.open(item) : editor.rows.get(item)?.row),
});

const text = () => (view === "form" && isTouched ? textOf(editor.plain()) : view === "form" ? shownText : area.value);

/** Show the form if the text can be shown so; why not, in a sentence, otherwise. */
function showForm() {
  let schema;
  try {
    schema = area.value.trim() ? parse(area.value) : {};
  } catch {
    return "This is not JSON yet.";
  }
  const why = unfit(schema);
  if (why) return why;
  shownText = area.value;
  isTouched = false;
  editor.show(prepare(schema));
  return "";
}

function showView(next) {
  const why = next === "form" ? showForm() : "";
  if (why) {
    view = "json";
    toast("failed", `${why} Mend it here first.`);
  } else {
    if (next === "json" && view === "form") area.value = text();
    view = next;
  }
  for (const button of form.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  part("editor").hidden = view !== "form";
  part("json").hidden = view !== "json";
  showFrame();
  if (next !== view || problems.list.length || isDirty) ask({ now: true });
}

/** The empty start and the search field come and go with what is there. */
function showFrame() {
  const count = view === "form" ? LISTS.reduce((sum, list) => sum + editor.schema[list].length, 0) : 1;
  part("empty").hidden = count > 0 || startsEmpty;
  part("editor").classList.toggle("nothing", count === 0 && !startsEmpty);
  part("filter-box").hidden = view !== "form" || count < 6;
  for (const words of form.querySelectorAll("[data-saved-words]")) words.textContent = isDirty ? "Not saved yet" : "";
  part("savebar").hidden = !isDirty;
}

let startsEmpty = false;

// --- changes ---

function changed(isNew = false) {
  isTouched = true;
  isDirty = true;
  showFrame();
  if (!isNew && problems.list.length) ask();
}

async function ask(how) {
  await problems.ask(text, how);
  if (view === "form") editor.refreshAll();
}

// What is still being typed is not judged: the server is asked when a field is left.
part("editor").addEventListener("change", () => ask());
part("editor").addEventListener("click", (event) => { if (event.target.closest("[data-delete], .goes button")) ask(); });
area.addEventListener("input", () => {
  isDirty = true;
  showFrame();
  ask();
});

for (const button of form.querySelectorAll("[data-view]")) button.addEventListener("click", () => showView(button.dataset.view));
part("view-json").addEventListener("click", () => {
  showView("json");
  area.focus();
  area.select();
});
part("start-empty").addEventListener("click", () => {
  startsEmpty = true;
  showFrame();
  part("editor").querySelector("summary").focus();
});
part("filter").addEventListener("input", () => {
  const shown = editor.filter(part("filter").value);
  announce(shown === 1 ? "1 is shown." : `${shown} are shown.`);
});

/** Put the cursor where the text is wrong. */
function lineTo(line) {
  if (view !== "json") showView("json");
  const before = area.value.split("\n").slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const end = area.value.indexOf("\n", before);
  area.focus();
  area.setSelectionRange(before, end < 0 ? area.value.length : end);
  area.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(area).lineHeight));
}

// --- saving and leaving ---

form.addEventListener("submit", () => {
  area.value = text();
  isSending = true;
});
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    form.requestSubmit(part("savebar").querySelector("[type=submit]"));
  } else if (event.target.matches("input")) {
    event.preventDefault(); // Enter in a field would press the first button of the form, whatever that does
  }
});
addEventListener("beforeunload", (event) => { if (isDirty && !isSending) event.preventDefault(); });
addEventListener("pageshow", () => { isSending = false; });

// --- somebody else saved ---

document.addEventListener("pluginhost:fresh", () => {
  const newest = document.getElementById("newest")?.dataset.version;
  if (!newest || newest === form.elements.schema_version.value || document.getElementById("outrun")) return;
  if (!isDirty) return location.reload();
  form.prepend(make("div", { class: "note", id: "outrun", "data-state": "partial", role: "alert" }, icon("alert-triangle"),
    make("div", {}, make("p", {}, make("b", {}, "Somebody saved other labeling tools just now.")),
      make("p", {}, "Your edits are still here. ", make("a", { href: location.pathname, target: "_blank" }, "Look at the newer ones in a new tab"), "; when you save, you are asked again."))));
});

// --- the start ---

for (const link of form.querySelectorAll("[data-summary] [data-line]")) {
  problems.list.push({ line: Number(link.dataset.line), path: link.dataset.path, level: link.dataset.level, message: link.textContent.replace(/^Line \d+: /, "").replace(`${link.dataset.path}: `, "") });
}
showView(form.dataset.begins ?? "form");
if (problems.list.length) {
  problems.show();
  editor.refreshAll();
}
form.querySelector("[data-first]")?.focus();
