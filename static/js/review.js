// The review: whatever is chosen stands in the address, and the server counts it; nothing is reckoned here.

import { look } from "./live.js";

const WAIT_MS = 120;
const form = () => document.querySelector("[data-review]");
let waiting = null;

/** The address that says what the form says. */
function address() {
  const url = new URL(location.href);
  const asked = new URLSearchParams(new FormData(form()));
  for (const edge of ["after", "before"]) {
    const kept = url.searchParams.get(edge);
    if (kept && asked.get("show") === (url.searchParams.get("show") ?? "all")) asked.set(edge, kept);
  }
  if (Number(asked.get("least")) === 0) asked.delete("least");
  url.search = asked;
  return url;
}

function count() {
  history.replaceState(null, "", address());
  look({ now: true });
}

document.addEventListener("input", (event) => {
  if (!form()?.contains(event.target)) return;
  if (event.target.name === "least") {
    const said = form().querySelector("output");
    if (said) said.textContent = Number(event.target.value).toFixed(2);
  }
  if (event.target.name === "reject") event.target.closest(".tile").classList.toggle("out", event.target.checked);
  setBusy(true);
  clearTimeout(waiting);
  waiting = setTimeout(count, WAIT_MS);
});

/** What is sent is what was counted: while the numbers are on their way, nothing is sent. */
function setBusy(isBusy) {
  const actions = document.getElementById("review-actions");
  actions?.classList.toggle("counting", isBusy);
  actions?.querySelector("button")?.toggleAttribute("inert", isBusy);
}
document.addEventListener("pluginhost:fresh", () => {
  setBusy(false);
  const isOver = document.getElementById("review-head")?.dataset.staged === "0";
  if (isOver && form()) location.reload(); // somebody took it, or let it go
});

// Of much that is staged the page comes before it is counted.
if (document.querySelector("[data-counting]")) look({ now: true });
