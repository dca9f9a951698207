// Keys that fit every page; a page gives its own buttons a key by data-key="r". None fire while somebody types.

const places = document.querySelector("[data-places]");
let isGoing = false;

const isTyping = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;

function rows() {
  return [...document.querySelectorAll("main .table tbody tr, main [data-row]")].filter((row) => row.querySelector("a[href]"));
}

function move(step) {
  const all = rows();
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1)];
  next?.querySelector("a[href]").focus();
  next?.scrollIntoView({ block: "nearest" });
}

function go(key) {
  const address = places?.dataset[key];
  if (address) location.assign(address);
}

function search() {
  const field = document.querySelector("main [data-search], main input[type=search]");
  field?.focus();
  field?.select();
  return field !== null;
}

function press(key) {
  const row = rows().find((one) => one.contains(document.activeElement));
  const button = row?.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!button || button.disabled) return false;
  button.click();
  return true;
}

/** What this page has keys for, named as its buttons are. */
function listOfHere() {
  const list = document.querySelector("[data-keys-here]");
  const named = new Map();
  for (const button of document.querySelectorAll("main [data-key]")) {
    const name = (button.getAttribute("aria-label") ?? button.querySelector("span")?.firstChild?.textContent ?? button.textContent).trim();
    if (!button.disabled && !named.has(name)) named.set(name, button.dataset.key);
  }
  list.hidden = named.size === 0;
  list.replaceChildren(...[...named].flatMap(([name, key]) => [line("dt", name), line("dd", key)]));
}

const ARROWS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

function line(kind, text) {
  const cell = document.createElement(kind);
  const inside = kind === "dd" ? cell.appendChild(document.createElement("kbd")) : cell;
  inside.textContent = ARROWS[text] ?? text;
  return cell;
}

document.querySelector("[data-opens=keys]")?.addEventListener("click", listOfHere);

const keys = {
  "?": () => document.querySelector("[data-opens=keys]")?.click() ?? true,
  "/": search,
  j: () => move(1) ?? true,
  k: () => move(-1) ?? true,
  g: () => { isGoing = true; setTimeout(() => { isGoing = false; }, 1200); return true; },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (isGoing && "hpr".includes(event.key)) {
    isGoing = false;
    return go(event.key);
  }
  const done = Object.hasOwn(keys, event.key) ? keys[event.key]() : press(event.key);
  if (done) event.preventDefault();
});
