// Finding assets while one types: the address changes, and what was found takes the place of what was shown.
// (The tiles are no live regions: only what is drawn over them is, so that a nudge loads no picture again.)

const form = document.querySelector("[data-find-assets]");
const PAUSE_MS = 300;
let waiting = null;
let newest = 0;

/** The page's address with the form's values; what is empty stays out of it, and paging starts over. */
function address() {
  const url = new URL(location.href);
  url.search = "";
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.append(name, value);
  return url;
}

async function find() {
  const mine = ++newest;
  const url = address();
  history.replaceState(null, "", url);
  const answer = await fetch(url, { headers: { "X-Live": "1" } }).catch(() => null);
  if (mine !== newest) return; // somebody typed on
  if (!answer?.ok) return location.assign(url);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["filter-menus", "found"]) {
    const next = fresh.getElementById(id);
    if (next) document.getElementById(id)?.replaceWith(document.importNode(next, true));
  }
  document.dispatchEvent(new CustomEvent("pluginhost:fresh", { detail: { regions: ["found"] } }));
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(find, PAUSE_MS);
});
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  find();
});
