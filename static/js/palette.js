// «Go to…»: a dialog with a field and a list box. The field keeps the focus; arrows move through the list.

const dialog = document.getElementById("palette");
const field = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
const status = dialog?.querySelector("[data-status]");
const sprite = dialog?.dataset.sprite;

let options = [];
let chosen = -1;
let asked = 0;
let waiting = null;
let isStale = false; // the list answers what stood in the field before
let isEntered = false; // Enter was pressed meanwhile: it means the list that is on its way

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
for (const kbd of document.querySelectorAll("[data-palette-key]")) kbd.textContent = isApple ? "⌘ K" : "Ctrl K";

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

function word(kind, text, className = "") {
  const part = document.createElement(kind);
  part.textContent = text;
  part.className = className;
  return part;
}

function option(item, index) {
  const row = document.createElement("li");
  row.id = `palette-${index}`;
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", "false");
  row.append(icon(item.icon || "arrow-right"), word("span", item.title, "grow cut"), word("small", item.detail, "quiet cut"));
  row.addEventListener("click", () => act(index));
  row.addEventListener("mousemove", () => choose(index, false));
  return row;
}

function show(items) {
  options = items;
  const groups = new Map();
  items.forEach((item, index) => {
    if (!groups.has(item.group)) {
      const group = document.createElement("ul");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", item.group);
      group.append(word("li", item.group, "heading"));
      group.firstChild.setAttribute("role", "presentation");
      groups.set(item.group, group);
    }
    groups.get(item.group).append(option(item, index));
  });
  list.replaceChildren(...groups.values());
  status.textContent = items.length ? "" : "Nothing has these letters.";
  choose(items.length ? 0 : -1);
  isStale = false;
  if (isEntered) act(chosen);
  isEntered = false;
}

function choose(index, scrolls = true) {
  list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
  chosen = index;
  const row = document.getElementById(`palette-${index}`);
  if (!row) return field.removeAttribute("aria-activedescendant");
  row.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", row.id);
  if (scrolls) row.scrollIntoView({ block: "nearest" });
}

/** Ask for what the letters may mean; an answer that was overtaken by a later question is dropped. */
async function ask() {
  const mine = ++asked;
  try {
    const answer = await fetch(`${dialog.dataset.asks}?q=${encodeURIComponent(field.value)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error("refused");
    const { items } = await answer.json();
    if (mine === asked) show(items);
  } catch {
    if (mine === asked) status.textContent = "The server does not answer. Try again in a moment.";
  }
}

function open(text = "") {
  if (dialog.open || document.querySelector("dialog[open]")) return;
  field.value = text;
  isStale = true;
  isEntered = false;
  const opener = document.activeElement;
  dialog.showModal();
  field.focus();
  dialog.addEventListener("close", () => opener?.focus?.(), { once: true });
  ask();
}

function act(index) {
  const item = options[index];
  if (!item) return;
  dialog.close();
  if (item.does === "theme") document.querySelector("[data-theme-switch]")?.click();
  else if (item.does === "keys") document.querySelector("[data-opens=keys]")?.click();
  else location.assign(item.address);
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

function move(event) {
  if (event.key in STEPS && options.length) choose((chosen + STEPS[event.key] + options.length) % options.length);
  else if (event.key === "Home" && event.ctrlKey) choose(0);
  else if (event.key === "End" && event.ctrlKey) choose(options.length - 1);
  else if (event.key === "Enter" && isStale) isEntered = true;
  else if (event.key === "Enter") act(chosen);
  else return;
  event.preventDefault();
}

if (dialog) {
  field.addEventListener("input", () => {
    asked += 1;
    isStale = true;
    isEntered = false;
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
  field.addEventListener("keydown", move);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else open();
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-palette]");
    if (button) open(button.dataset.palette);
  });
}
