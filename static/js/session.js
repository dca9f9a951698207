// A session's page: title and icon follow its state, and its end is told once. What changes is drawn by the server.

import { look } from "./live.js";
import { showTimes } from "./times.js";

const AGES_MS = 10_000;
const head = () => document.getElementById("session-head");
let wasFinal = head()?.hasAttribute("data-final") ?? true;

function follow() {
  const { sign, favicon } = head().dataset;
  document.title = document.title.replace(/^\S+/, sign);
  const icon = document.getElementById("favicon");
  if (icon.getAttribute("href") !== favicon) icon.setAttribute("href", favicon);
  const isFinal = head().hasAttribute("data-final");
  if (isFinal && !wasFinal) tell();
  wasFinal = isFinal;
}

/** The tab is the reader's: it is not changed, only a way there is offered. */
function tell() {
  const { stateNow, ended, next, nextWord } = head().dataset;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  toast.dataset.state = stateNow;
  const words = document.createElement("span");
  words.className = "grow";
  const strong = document.createElement("b");
  strong.textContent = "Finished: ";
  const link = document.createElement("a");
  link.href = next;
  link.textContent = nextWord;
  words.append(strong, ended ? `${ended} ` : "", link);
  const close = document.createElement("button");
  close.className = "icon-btn";
  close.type = "button";
  close.textContent = "×";
  close.dataset.dismisses = "";
  close.setAttribute("aria-label", "Dismiss");
  toast.append(words, close);
  document.querySelector(".toasts").append(toast);
  setTimeout(() => toast.remove(), 12_000);
}

document.addEventListener("pluginhost:fresh", () => { follow(); showTimes(); });
setInterval(() => { if (document.querySelector("[data-ages]")) look(); }, AGES_MS);
