// Keeps the page true: on a "look" it fetches the same address again and swaps the regions marked data-live.
// The database holds the facts; the socket only says that something changed, and polling stands in for it.

const POLL_MS = 5000;
const LEAST_MS = 400;
const SENDING_MS = 30_000;
const LEAVING_MS = 3000;
const LONGEST_WAIT_MS = 4000;
const GONE = [4401, 4403, 4404];

// Whoever is signed in also hears of what concerns them alone: the bell.
const watched = [...(document.body.dataset.watch ?? "").split(/\s+/).filter(Boolean), "me"];
const pill = document.getElementById("connection");
const served = new Map(); // region id → the essence of its markup as the server last gave it

let socket = null;
let failures = 0;
let polling = null;
let scheduled = null;
let isFetching = false;
let isWanted = false;
let pause = LEAST_MS;
let leavingUntil = 0;

// --- the pill ---

function say(state, word, pulses = false) {
  if (!pill) return;
  pill.dataset.state = state;
  pill.querySelector("[data-word]").textContent = word;
  pill.querySelector(".dot").classList.toggle("pulse", pulses);
}

// --- looking again ---

/** Fetch this page again soon, and swap what changed. Many calls become one; `now` is for what somebody did here. */
export function look({ now = false } = {}) {
  if ("error" in document.body.dataset) return; // a page that says no says it once
  isWanted = true;
  if (now) clearTimeout(scheduled);
  else if (scheduled || document.hidden) return;
  if (!isFetching) scheduled = setTimeout(refresh, now ? 0 : pause);
}

// Who sends a form or follows a link must not be overtaken by a look: it could reload what the form has just deleted.
// A download looks like leaving, too; so it is believed for a while only.
const isLeaving = () => performance.now() < leavingUntil;
const leave = (span) => { leavingUntil = Math.max(leavingUntil, performance.now() + span); };
window.addEventListener("submit", (event) => { if (!event.defaultPrevented) leave(SENDING_MS); });
window.addEventListener("beforeunload", () => leave(LEAVING_MS));
window.addEventListener("pageshow", () => { leavingUntil = 0; });

async function refresh() {
  scheduled = null;
  if (isLeaving()) return look();
  isWanted = false;
  isFetching = true;
  const began = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" }, cache: "no-store" });
    if (isLeaving()) isWanted = true;
    else if (answer.redirected || answer.status === 404 || answer.status === 403) reload();
    else if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // the server is away for a moment: the socket's own retries say so
  } finally {
    isFetching = false;
    pause = Math.min(Math.max(LEAST_MS, 3 * (performance.now() - began)), POLL_MS);
    if (isWanted) look();
  }
}

/** Show the truth as a whole page, but never in a circle, and never what answers a form: that would send it again. */
function reload() {
  if (isLeaving() || "answer" in document.body.dataset) return;
  const last = Number(sessionStorage.getItem("live-reload") ?? 0);
  if (Date.now() - last < 10_000) return;
  sessionStorage.setItem("live-reload", String(Date.now()));
  location.reload();
}

/** Replace each live region by its fresh self. */
export function swap(page) {
  const swapped = [];
  for (const region of document.querySelectorAll("[data-live][id]")) {
    if (!region.isConnected || isInUse(region)) continue;
    const next = page.getElementById(region.id);
    if (!next) continue;
    const fresh = essence(next);
    if (served.get(region.id) === fresh) continue;
    served.set(region.id, fresh);
    replace(region, document.importNode(next, true));
    swapped.push(region.id);
  }
  if (swapped.length) document.dispatchEvent(new CustomEvent("pluginhost:fresh", { detail: { regions: swapped } }));
}

/** A region's markup but for what differs each time: the words of times, which tick here, and the forms' tokens. */
function essence(region) {
  return region.outerHTML
    .replace(/(<time [^>]*>)[^<]*/g, "$1")
    .replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1");
}

// Before other scripts touch them.
for (const region of document.querySelectorAll("[data-live][id]")) served.set(region.id, essence(region));

/** Somebody types in it or has a dialog open: it waits for the next look. */
function isInUse(region) {
  const active = document.activeElement;
  const isTyping = region.contains(active) && active.matches("input:not([type=checkbox]), textarea, select");
  return isTyping || region.querySelector("dialog[open]") !== null;
}

function replace(region, next) {
  const open = [...region.querySelectorAll("details")].map((details) => details.open);
  const scrolled = [...region.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
  const ticked = new Set([...region.querySelectorAll("input[type=checkbox]:checked")].map(nameOf));
  const focused = region.contains(document.activeElement) ? placeOf(document.activeElement, region) : null;
  if (next.dataset.says && next.dataset.says !== region.dataset.says) announce(next.dataset.says);
  region.replaceWith(next);
  next.querySelectorAll("details").forEach((details, n) => { if (open[n]) details.open = true; });
  next.querySelectorAll(".scroll").forEach((box, n) => { box.scrollLeft = scrolled[n] ?? 0; });
  next.querySelectorAll("input[type=checkbox]").forEach((box) => { if (ticked.has(nameOf(box))) box.checked = true; });
  if (focused) find(focused, next)?.focus({ preventScroll: true });
}

/** For those who do not see it change; data-says is a region's news in a sentence. */
function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

const nameOf = (box) => `${box.name}=${box.value}`;

const FOCUSABLE = "a[href], button, summary, input, select, textarea, [tabindex]";

function placeOf(element, region) {
  return {
    id: element.id,
    href: element.getAttribute("href"),
    name: element.getAttribute("name"),
    index: [...region.querySelectorAll(FOCUSABLE)].indexOf(element),
  };
}

function find(place, region) {
  if (place.id) return document.getElementById(place.id);
  const all = [...region.querySelectorAll(FOCUSABLE)];
  const same = all.find((one) => place.href && one.getAttribute("href") === place.href);
  const named = all.find((one) => place.name && one.getAttribute("name") === place.name);
  return same ?? named ?? all[place.index];
}

// --- the socket ---

function address() {
  const url = new URL("/ws/look/", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  for (const what of watched) url.searchParams.append("watch", what);
  return url;
}

function connect() {
  socket = new WebSocket(address());
  socket.onopen = () => {
    if (watched.length && !isFetching) look(); // what happened before we listened
    failures = 0;
    clearInterval(polling);
    polling = null;
    say("online", watched.length ? "Live" : "Connected");
  };
  socket.onmessage = (event) => { if (JSON.parse(event.data).look) look(); };
  socket.onclose = (event) => {
    socket = null;
    if (GONE.includes(event.code)) reload();
    failures += 1;
    sayLost();
    setTimeout(connect, Math.min(250 * 2 ** failures, LONGEST_WAIT_MS) * (0.7 + 0.6 * Math.random()));
  };
}

function sayLost() {
  if (failures < 3) return say("backoff", "Reconnecting…", true);
  if (!watched.length) return say("backoff", "No connection", true);
  say("running", "Polling every 5 s");
  polling ??= setInterval(() => look(), POLL_MS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && isWanted) look(); });
if (pill) connect();
