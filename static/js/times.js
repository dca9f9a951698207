// Times as people want them: relative in lists, in full on hover, in UTC or in their own zone; durations tick.

const MINUTE = 60, HOUR = 3600, DAY = 86_400;
const button = () => document.querySelector("[data-zone-switch]");
const inUtc = () => localStorage.getItem("zone") !== "local";

function zoneName() {
  if (inUtc()) return "UTC";
  const minutes = -new Date().getTimezoneOffset();
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? "−" : "+"}${hours}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

const two = (number) => String(Math.floor(number)).padStart(2, "0");
const parts = (at, options) =>
  new Intl.DateTimeFormat("en-GB", { timeZone: inUtc() ? "UTC" : undefined, hourCycle: "h23", ...options }).format(at);
const day = (at) => parts(at, { day: "numeric", month: "short", year: "numeric" });
const time = (at) => parts(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** As dashboard.words.ago. */
export function ago(seconds) {
  const size = Math.abs(seconds);
  if (size < 10) return "now";
  let words;
  if (size < MINUTE) words = `${Math.round(size)} s`;
  else if (size < HOUR) words = `${Math.floor(size / MINUTE)} min`;
  else if (size < DAY) words = `${Math.floor(size / HOUR)} h`;
  else if (size < 30 * DAY) words = size < 2 * DAY ? "1 day" : `${Math.floor(size / DAY)} days`;
  else return null;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** As dashboard.words.duration, in whole seconds. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole >= DAY) return `${Math.floor(whole / DAY)}d ${two((whole % DAY) / HOUR)}h`;
  if (whole >= HOUR) return `${Math.floor(whole / HOUR)}h ${two((whole % HOUR) / MINUTE)}m`;
  if (whole >= MINUTE) return `${Math.floor(whole / MINUTE)}m ${two(whole % MINUTE)}s`;
  return `${whole} s`;
}

function clock(at) {
  return day(at) === day(new Date()) ? time(at) : `${parts(at, { day: "numeric", month: "short" })}, ${time(at).slice(0, 5)}`;
}

const texts = {
  ago: (at, seconds) => ago(seconds) ?? day(at),
  since: (at, seconds) => duration(seconds),
  clock: (at) => clock(at),
  hour: (at) => clock(at).replace(/^(\d\d:\d\d):\d\d$/, "$1"),
  full: (at) => `${day(at)}, ${time(at)} ${zoneName()}`,
};

function show(element) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const text = texts[element.dataset.time]?.(at, (Date.now() - at) / 1000);
  if (text && element.textContent !== text) element.textContent = text;
  const title = texts.full(at);
  if (element.title !== title) element.title = title;
}

/** Show every time of the page as it is now; `other` switches the zone first. */
export function showTimes({ other = false } = {}) {
  if (other) localStorage.setItem("zone", inUtc() ? "local" : "utc");
  document.querySelectorAll("time[data-time]").forEach(show);
  if (button()) button().textContent = `Times in ${zoneName()}`;
}

setInterval(() => { if (!document.hidden) document.querySelectorAll("time[data-time=since], time[data-time=ago]").forEach(show); }, 1000);
document.addEventListener("pluginhost:fresh", () => showTimes());
