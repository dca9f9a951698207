// Files that somebody dropped or picked, also whole folders: [{ file, path }], path with the folders' names.

const LEFT_BY_SYSTEMS = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);
const byPath = (one, other) => one.path.localeCompare(other.path, "en", { numeric: true });
const isMeant = ({ file }) => !LEFT_BY_SYSTEMS.has(file.name) && !file.name.startsWith("._");

export function picked(input) {
  return [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })).filter(isMeant).sort(byPath);
}

/** The entries have to be asked for at once: after the drop's event is over they are gone. */
export async function dropped(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  if (!entries.length || entries.some((entry) => !entry)) {
    return [...transfer.files].map((file) => ({ file, path: file.name })).filter(isMeant).sort(byPath);
  }
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found.filter(isMeant).sort(byPath);
}

async function walk(entry, folder, found) {
  const path = folder + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push({ file, path });
    return;
  }
  const reader = entry.createReader();
  for (;;) { // a reader gives some of a folder's entries at a time, and at the end none
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return;
    for (const inner of some) await walk(inner, `${path}/`, found);
  }
}
