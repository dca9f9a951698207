// Adding assets: files by drag and drop, by picker or by folder; and a CSV file, sent with its progress.
// Without this script the same forms are sent as they are.

import { dropped, picked } from "./uploads/chosen.js";
import { List, noun } from "./uploads/list.js";
import { Queue } from "./uploads/queue.js";
import { ask, put } from "./uploads/sending.js";

const SHOWN_EVERY_MS = 200;

// --- files ---

const form = document.querySelector("[data-uploads]");
if (form) manage(form);

function manage(form) {
  const find = (name) => form.querySelector(`[data-${name}]`);
  const limits = {
    mostBytes: Number(form.dataset.mostBytes),
    endings: new Set(form.dataset.endings.split(" ")),
    archives: new Set(form.dataset.archives.split(" ")),
  };
  const queue = new Queue(form, limits, soon);
  const list = new List(form, queue);
  const skips = () => form.elements.duplicates.value !== "add";
  let waiting = null;
  let wasRunning = false;

  /** Many changes become one look; the last is always seen. */
  function soon() {
    waiting ??= setTimeout(() => { waiting = null; show(); }, SHOWN_EVERY_MS);
  }

  function show() {
    const counts = queue.counts();
    list.show();
    list.showSums();
    showDuplicates(counts);
    find("start").hidden = queue.isRunning || (!counts.waiting && counts.added > 0);
    find("start").disabled = !counts.waiting;
    find("start-words").textContent = counts.waiting ? `Upload ${noun(counts.waiting, "file", "files")}` : "Upload";
    find("stop").hidden = !queue.isRunning;
    find("retry").hidden = queue.isRunning || !counts.failed;
    find("retry-words").textContent = `Retry ${noun(counts.failed, "failed file", "failed files")}`;
    find("done").hidden = queue.isRunning || !counts.added;
    if (queue.shown) find("done").href = queue.shown;
    find("done").classList.toggle("primary", !counts.waiting && !counts.failed);
    find("undo").hidden = queue.isRunning || !queue.numbers.length;
    find("undo-words").textContent = `Remove the ${noun(counts.added, "asset", "assets")} again`;
    document.getElementById("undo").elements.numbers.value = queue.numbers.join(",");
    find("leave").hidden = queue.isRunning || counts.added > 0;
    if (wasRunning && !queue.isRunning) document.getElementById("announcer").textContent = find("words").textContent;
    wasRunning = queue.isRunning;
  }

  function showDuplicates(counts) {
    const { there, twice } = queue.duplicates();
    const words = [];
    if (there) words.push(`${noun(there, "file has", "files have")} an external ID that is in the project already.`);
    if (twice) words.push(`${noun(twice, "file has", "files have")} the same external ID as another chosen one.`);
    if (words.length) words.push(skips() ? `${there + twice === 1 ? "It is" : "They are"} skipped.` : `${there + twice === 1 ? "It is" : "They are"} added anyway.`);
    find("there").hidden = !words.length || queue.isRunning || !counts.waiting;
    find("there-words").textContent = words.join(" ");
  }

  function take(chosen) {
    queue.take(chosen).catch((error) => { list.showSums(); say(error.message); });
  }

  function say(sentence) {
    find("there").hidden = false;
    find("there-words").textContent = sentence;
  }

  // --- by picker ---
  const files = form.querySelector("#files"), folder = form.querySelector("#folder");
  for (const input of [files, folder]) {
    input.addEventListener("change", () => { take(picked(input)); input.value = ""; });
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (button) (button.dataset.choose === "folder" ? folder : files).click();
  });

  // --- by drag and drop: anywhere on the page, so that a near miss does not open the picture instead ---
  const zone = find("drop");
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => { if (hasFiles(event)) zone.classList.toggle("over-it", ++depth > 0); });
  addEventListener("dragleave", (event) => { if (hasFiles(event)) zone.classList.toggle("over-it", --depth > 0); });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    zone.classList.remove("over-it");
    take(await dropped(event.dataTransfer));
  });

  // --- going ---
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    queue.start({ batch: form.elements.batch.value.trim(), skips: skips() });
  });
  find("stop").addEventListener("click", () => queue.stop());
  find("retry").addEventListener("click", () => queue.retry());
  form.addEventListener("change", (event) => {
    if (event.target.name === "duplicates") soon();
    if ("keepPath" in event.target.dataset) {
      queue.keepsPath = event.target.checked;
      queue.compare().catch((error) => say(error.message));
    }
  });
  addEventListener("beforeunload", (event) => { if (queue.isRunning) event.preventDefault(); });
  show();
}

// --- a CSV file ---

const table = document.querySelector("[data-table]");
table?.addEventListener("submit", (event) => {
  event.preventDefault();
  sendTable(table);
});

async function sendTable(table) {
  const file = table.elements.table.files[0];
  const bar = table.querySelector("[data-table-progress]");
  const error = table.querySelector("[data-table-error]");
  const button = table.querySelector("button[type=submit]");
  if (!file) return;
  error.hidden = true;
  bar.hidden = false;
  button.setAttribute("aria-busy", "true");
  try {
    const { files: [place] } = await ask(table, table.dataset.reserve, { names: [file.name], kind: "lists" });
    await put(place.url, file, (bytes) => { bar.value = file.size ? bytes / file.size : 1; }, () => {});
    location.assign(place.page);
  } catch (refused) {
    error.textContent = refused.message;
    error.hidden = false;
    bar.hidden = true;
    button.removeAttribute("aria-busy");
  }
}

// How it is read changes as soon as it is chosen, and the focus comes back to where it was.
const reads = document.querySelector("[data-reads]");
reads?.addEventListener("change", (event) => {
  sessionStorage.setItem("reads-focus", event.target.id);
  reads.requestSubmit();
});
if (reads && sessionStorage.getItem("reads-focus")) {
  document.getElementById(sessionStorage.getItem("reads-focus"))?.focus();
  sessionStorage.removeItem("reads-focus");
}
