// Selecting assets: ticks, ranges by Shift, all that the filters leave; and the bar that says what to do with them.
// Without this script the bar is always there, and the ticks are sent as they are.

const bar = () => document.querySelector("[data-bulk]");
const picks = () => [...document.querySelectorAll("[data-pick]")];
const grouped = (n) => n.toLocaleString("en");
let last = null; // the value of the box from which a range begins

function pickRange(to, isOn) {
  const all = picks();
  const from = all.findIndex((box) => box.value === last);
  const end = all.indexOf(to);
  const [first, until] = from < 0 ? [end, end] : [Math.min(from, end), Math.max(from, end)];
  for (const box of all.slice(first, until + 1)) box.checked = isOn;
}

/** The bar and the marks of tiles and rows say what is ticked. */
function show() {
  const form = bar();
  if (!form) return;
  const all = picks();
  const every = form.querySelector("[data-pick-every]");
  const count = all.filter((box) => box.checked).length;
  for (const box of all) {
    const isOn = box.checked || every?.checked;
    box.closest(".tile")?.classList.toggle("on", isOn);
    box.closest("tr")?.setAttribute("aria-selected", String(isOn));
  }
  form.classList.toggle("on", count > 0 || Boolean(every?.checked));
  const words = every?.checked ? every.dataset.words : grouped(count);
  form.querySelector("[data-picked]").textContent = `${words} selected`;
  for (const place of form.querySelectorAll("[data-picked-count]")) {
    const [one, many] = (place.dataset.nouns ?? ",").split(",");
    place.textContent = `${words} ${words === "1" ? one : many}`.trim();
  }
  const page = document.querySelector("input[data-pick-page]");
  if (page) [page.checked, page.indeterminate] = [count === all.length, count > 0 && count < all.length];
}

function pickAll(isOn) {
  for (const box of picks()) box.checked = isOn;
  const every = bar().querySelector("[data-pick-every]");
  if (every && !isOn) every.checked = false;
  show();
}

/** The box of the row or tile in which the focus is. */
function here() {
  return document.activeElement.closest(".tile, tr")?.querySelector("[data-pick]");
}

function pickHere() {
  const box = here();
  if (!box) return;
  box.checked = !box.checked;
  last = box.value;
  show();
}

function pickToHere() {
  const box = here();
  if (!box) return;
  pickRange(box, true);
  last = box.value;
  show();
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-pick]");
  if (box) {
    if (event.shiftKey && last !== null) pickRange(box, box.checked);
    last = box.value;
    return show();
  }
  const button = event.target.closest("[data-pick-page], [data-pick-none], [data-pick-every], [data-pick-here], [data-pick-to-here]");
  if (!button) return;
  if ("pickPage" in button.dataset) pickAll(button.checked ?? true);
  else if ("pickNone" in button.dataset) pickAll(false);
  else if ("pickHere" in button.dataset) pickHere();
  else if ("pickToHere" in button.dataset) pickToHere();
  else show();
});

// A menu of the bar asks something: the focus goes to it.
document.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.closest("[data-bulk]")) event.target.querySelector("input, select")?.focus();
}, true);

document.addEventListener("pluginhost:fresh", show);
addEventListener("pageshow", show);
show();
