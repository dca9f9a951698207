// The Supervision tab: the ring that runs down, folders with their paths, one more variable.

function tick() {
  for (const ring of document.querySelectorAll(".ring[data-until]")) {
    const left = Math.max((Date.parse(ring.dataset.until) - Date.now()) / 1000, 0);
    if (Number.isNaN(left)) continue;
    const share = 100 - Math.round(100 * Math.min(left / Math.max(Number(ring.dataset.wait), 1), 1));
    ring.querySelector(".gone").setAttribute("stroke-dasharray", `${share} 100`);
    ring.querySelector("text").textContent = Math.ceil(left);
  }
}

const form = document.querySelector("[data-uploads-script]");
const folder = form?.querySelector("[webkitdirectory]");
if (folder && "webkitdirectory" in folder) {
  folder.disabled = false;
  folder.closest("[data-when-folders]").hidden = false;
  const file = form.querySelector("#script-files");
  folder.addEventListener("change", () => { if (folder.files.length) file.value = ""; });
  file.addEventListener("change", () => { if (file.files.length) folder.value = ""; });
  form.addEventListener("submit", () => {
    // Browsers send a folder's files without their paths.
    form.elements.paths.value = folder.files.length ? JSON.stringify([...folder.files].map((one) => one.webkitRelativePath)) : "";
  });
}

const adder = document.querySelector("[data-adds-variable]");
if (adder) {
  adder.hidden = false;
  adder.addEventListener("click", () => {
    const rows = document.querySelectorAll("[data-variable-new]");
    const next = rows[rows.length - 1].cloneNode(true);
    for (const input of next.querySelectorAll("input")) input.value = "";
    rows[rows.length - 1].after(next);
    next.querySelector("input").focus();
  });
}

// What there is to see changes: first how its environment is made, then what it prints. Who chose one of them keeps it.
const which = () => document.getElementById("script")?.dataset.which ?? "";
const shown = which();
document.addEventListener("pluginhost:fresh", () => {
  tick();
  const isOfMaking = [shown, which()].some((one) => one.startsWith("build"));
  if (isOfMaking && which() !== shown && !new URLSearchParams(location.search).has("of")) location.reload();
});

setInterval(tick, 1000);
tick();
