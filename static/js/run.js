// The run dialog: its live count, its mapping, its config. Without this script the same form works, with the server's counts.

const sheet = document.querySelector("[data-sheet]");
const form = sheet.querySelector("[data-run]");
const grouped = (n) => n.toLocaleString("en");
const assets = (n) => `${grouped(n)} ${n === 1 ? "asset" : "assets"}`;

// --- the sheet ---

sheet.removeAttribute("open");
sheet.showModal();
sheet.addEventListener("close", () => location.assign(sheet.dataset.away));
sheet.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const isMeant = event.ctrlKey || event.metaKey;
  if (isMeant || event.target.matches("input")) {
    event.preventDefault(); // else the first button of the form would be pressed, which is the try
    form.requestSubmit(document.getElementById("run-go"));
  }
});

// The key makes one run of a double click. Who comes back to the dialog means another run.
addEventListener("pageshow", (event) => {
  const cameBack = event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (cameBack) form.elements.idempotency_key.value = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
});

// --- scope ---

const TYPING_MS = 250;
let asked = 0; // only the newest answer counts
let soon = 0;

/** How many assets the choice stands for; a promise, since overlapping batches and filters are counted by the server. */
async function count() {
  const chosen = form.querySelector("[name=scope]:checked");
  if (!chosen) return 0;
  if (chosen.dataset.count) return Number(chosen.dataset.count);
  const all = Number(form.querySelector("[name=scope][value=all]").dataset.count);
  if (chosen.value === "first") return Math.min(Number(form.elements.first.value.replaceAll(",", "")) || 0, all);
  if (chosen.value === "assets") return new Set(form.elements.assets.value.split(/[\s,]+/).filter(Boolean)).size;
  const isFilter = chosen.value === "filter";
  const ticked = [...form.querySelectorAll(`[name=${chosen.value === "left" ? "outcomes" : "batches"}]:checked`)];
  if (!isFilter && (chosen.value === "left" || ticked.length < 2)) return ticked.reduce((sum, one) => sum + Number(one.dataset.count), 0);
  const url = new URL(form.dataset.countUrl, location.href);
  url.searchParams.set("scope", chosen.value);
  for (const one of isFilter ? form.querySelectorAll("[data-for=filter] [name]") : ticked) url.searchParams.append(one.name, one.value);
  return (await (await fetch(url)).json()).assets;
}

async function showCount() {
  const mine = ++asked;
  const number = await count();
  if (mine !== asked) return;
  form.querySelector("[data-sum]").textContent = assets(number);
  const go = document.getElementById("run-go");
  go.querySelector("[data-go]").textContent = `${go.dataset.word} ${assets(number)}`;
  const most = Number(document.getElementById("run-try").dataset.most);
  document.querySelector("[data-tried]").textContent = assets(Math.min(number, most) || most);
}

function showChoices() {
  for (const radio of form.querySelectorAll("input[type=radio]")) radio.closest(".check").classList.toggle("on", radio.checked);
  const scope = form.querySelector("[name=scope]:checked")?.value;
  for (const inset of form.querySelectorAll("[data-for]")) inset.hidden = inset.dataset.for !== scope;
}

// --- mapping ---

const rows = [...form.querySelectorAll("[data-maprow]")];
const icons = form.querySelector("[data-mapping]").dataset.icons;

function showRow(row) {
  const option = row.querySelector("select").selectedOptions[0];
  const state = "gone" in option.dataset ? "gone" : option.value ? "mapped" : "left out";
  row.querySelector("[data-swatch]").setAttribute("fill", option.dataset.color ?? "#7a7f86");
  const kind = row.querySelector("[data-kind]");
  kind.setAttribute("visibility", option.dataset.icon ? "visible" : "hidden");
  if (option.dataset.icon) kind.querySelector("use").setAttribute("href", `${icons}#${option.dataset.icon}`);
  for (const mark of row.querySelectorAll("[data-when]")) mark.hidden = mark.dataset.when !== state;
  const error = row.querySelector("[data-gone-error]");
  if (error) error.hidden = state !== "gone";
  row.querySelector("select").toggleAttribute("aria-invalid", state === "gone");
  return state;
}

function showMapping() {
  const states = rows.map(showRow);
  const words = form.querySelector("[data-mapping-words]");
  if (!words) return;
  const left = rows.filter((_, n) => states[n] === "left out").map((row) => row.querySelector("b").textContent);
  const mapped = states.filter((state) => state === "mapped").length;
  const rest = left.length > 3 ? `${left.length} classes are left out.` : left.length ? `${left.join(", ")} ${left.length === 1 ? "is" : "are"} left out.` : "";
  words.textContent = `${mapped} of ${rows.length} mapped. ${rest}`;
}

function setAll(valueOf) {
  for (const row of rows) row.querySelector("select").value = valueOf(row);
  showMapping();
}

form.querySelector("[data-auto-map]")?.addEventListener("click", () => setAll((row) => row.dataset.sameName));
form.querySelector("[data-clear-map]")?.addEventListener("click", () => setAll(() => ""));

// --- config ---

const config = form.elements.config;
const hint = form.querySelector("[data-config-hint]");

/** Where the text is wrong; the server looks again and has the last word. */
function showConfig() {
  const isDefault = config.value.trim() === config.dataset.default.trim();
  try {
    const value = config.value.trim() ? JSON.parse(config.value) : {};
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    hint.textContent = !isObject ? "This must be a JSON object, in curly brackets." : isDefault ? "As the plugin's default." : "Changed from the plugin's default.";
  } catch {
    hint.textContent = config.hasAttribute("aria-invalid") ? "" : "This is not JSON yet.";
  }
}

form.querySelector("[data-reset-config]").addEventListener("click", () => {
  config.value = config.dataset.default;
  config.removeAttribute("aria-invalid");
  showConfig();
});
config.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey) return;
  if (config.selectionStart === config.selectionEnd) return; // Tab leaves the field; with a selection it indents
  event.preventDefault();
  config.setRangeText("  ", config.selectionStart, config.selectionStart, "preserve");
});

// --- all of it, whenever something changes ---

form.addEventListener("input", (event) => {
  if (event.target === config) {
    config.removeAttribute("aria-invalid");
    showConfig();
  }
  else if (event.target.matches("select")) showMapping();
  else if (event.target.closest("[data-scope]")) {
    const inset = event.target.closest("[data-for]");
    if (inset) form.querySelector(`[name=scope][value=${inset.dataset.for}]`).checked = true;
    showChoices();
    clearTimeout(soon);
    if (event.target.name === "external_id") soon = setTimeout(showCount, TYPING_MS);
    else showCount();
  } else showChoices();
});
document.addEventListener("pluginhost:fresh", showCount);
for (const link of sheet.querySelectorAll(".mend a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const field = document.getElementById(link.hash.slice(1));
    field?.scrollIntoView({ block: "center" });
    field?.focus({ preventScroll: true });
  });
}
showChoices();
showCount();
showMapping();
showConfig();
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
