// The time of a line: off, since the session began, in the reader's zone, or in UTC. The choice is remembered.

const MODES = ["utc", "local", "relative", "off"];
const WORDS = { utc: "Time in UTC", local: "Time in your zone", relative: "Time since the start", off: "No time" };

const digits = (number, width = 2) => String(number).padStart(width, "0");

export class Clock {
  constructor(start) {
    this.start = start ? Date.parse(start) : null;
    const kept = localStorage.getItem("log-time");
    this.mode = MODES.includes(kept) ? kept : "utc";
  }

  get word() {
    return WORDS[this.mode];
  }

  next() {
    this.mode = MODES[(MODES.indexOf(this.mode) + 1) % MODES.length];
    localStorage.setItem("log-time", this.mode);
  }

  show(stamp) {
    if (this.mode === "utc") return stamp.slice(11, 23);
    const at = new Date(stamp);
    if (this.mode === "relative") return this.#since(at - (this.start ?? at));
    return `${digits(at.getHours())}:${digits(at.getMinutes())}:${digits(at.getSeconds())}.${digits(at.getMilliseconds(), 3)}`;
  }

  #since(milliseconds) {
    const size = Math.abs(milliseconds);
    const sign = milliseconds < 0 ? "−" : "+";
    const seconds = `${digits(Math.floor(size / 1000) % 60)}.${digits(size % 1000, 3)}`;
    const minutes = Math.floor(size / 60_000);
    return minutes < 60 ? `${sign}${digits(minutes)}:${seconds}` : `${sign}${Math.floor(minutes / 60)}:${digits(minutes % 60)}:${seconds}`;
  }

  full(stamp) {
    return `${stamp.slice(0, 10)} ${stamp.slice(11, 23)} UTC`;
  }
}
