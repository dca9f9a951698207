// What every page does: theme, times, copying, dialogs, toasts and keys. Works on whatever carries the attribute.

import { showTimes } from "./times.js";
import "./keys.js";
import "./filters.js";
import "./palette.js";

const root = document.documentElement;
const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function switchTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

/** Copy the text of the element whose id stands in data-copy (or that of the attribute data-text), and say so. */
async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = button.dataset.text ?? source?.dataset.text ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // no clipboard without https
  }
  button.classList.add("copied");
  toast("succeeded", button.dataset.copied ?? "Copied.");
  setTimeout(() => button.classList.remove("copied"), 1500);
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A short notice at the corner. */
export function toast(state, text) {
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.state = state;
  const words = document.createElement("span");
  words.className = "grow";
  words.textContent = text;
  box.append(words);
  document.querySelector(".toasts").append(box);
  setTimeout(() => box.remove(), 2500);
}

const openers = new WeakMap();

function open(button) {
  const dialog = document.getElementById(button.dataset.opens);
  if (!dialog || dialog.open) return;
  openers.set(dialog, button);
  dialog.showModal();
  dialog.addEventListener("close", () => openers.get(dialog)?.focus(), { once: true });
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except) && !menu.hasAttribute("data-stay")) menu.open = false;
  }
}

/** A button of a switch: data-picks="client:new" sets data-client on the nearest data-picker, and the stylesheet does the rest. */
function pick(button) {
  const [name, value] = button.dataset.picks.split(":");
  const picker = button.closest("[data-picker]");
  picker.dataset[name] = value;
  for (const other of picker.querySelectorAll(`[data-picks^="${name}:"]`)) {
    other.setAttribute("aria-pressed", String(other.dataset.picks === button.dataset.picks));
  }
  if (!button.checkVisibility()) [...picker.querySelectorAll(`[data-picks="${button.dataset.picks}"]`)].find((one) => one.checkVisibility())?.focus();
}

/** Whether a click that a dialog got fell on its backdrop. */
function isOutside(event) {
  const box = event.target.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  if (event.target.matches("dialog") && isOutside(event)) return event.target.close();
  const button = event.target.closest("button, summary, a");
  if (!button) return;
  if ("themeSwitch" in button.dataset) switchTheme();
  if ("zoneSwitch" in button.dataset) showTimes({ other: true });
  if (button.dataset.copy || button.dataset.text) copy(button);
  if (button.dataset.opens) open(button);
  if ("closes" in button.dataset) button.closest("dialog").close();
  if ("dismisses" in button.dataset) button.closest("[data-toast], .note").remove();
  if (button.dataset.picks) pick(button);
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const items = [...menu.querySelectorAll(".item:not([aria-disabled=true])")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    items.at((items.indexOf(document.activeElement) + step + (step < 0 && !items.includes(document.activeElement) ? 1 : 0)) % items.length)?.focus();
    event.preventDefault();
  }
});

// A form is sent once; the button says that it is on its way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  if (form.method === "post") {
    form.dataset.sent = "1";
    for (const button of form.elements) { // also those that stand elsewhere and name it
      if (button.matches("button:not([type=button])")) button.setAttribute("aria-busy", "true");
    }
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  document.querySelectorAll("[aria-busy=true]").forEach((button) => button.removeAttribute("aria-busy"));
});

// Typing a name unlocks what cannot be undone.
document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-must-be]");
  if (field) field.form.querySelector("[data-locked]").disabled = field.value.trim() !== field.dataset.mustBe;
});
for (const button of document.querySelectorAll("[data-locked]")) button.disabled = true;

for (const note of document.querySelectorAll("[data-toast][data-state=succeeded]")) setTimeout(() => note.remove(), 8000);
for (const dialog of document.querySelectorAll("dialog[data-shown]")) dialog.showModal();
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
showTimes();
