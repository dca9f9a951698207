// The numbers of the lines that match something: what is searched for, or errors. Kept up while lines arrive.

const MOST = 100_000;
const PAUSE_MS = 700;

export class Numbers {
  constructor(source, filter, changed) {
    Object.assign(this, { source, filter, changed });
    this.all = [];
    this.scanned = 0; // the last line that was looked at
    this.isWhole = true; // false when there were too many to take
    this.wanted = 0;
    this.running = null;
    this.ranAt = -PAUSE_MS;
    this.isClosed = false;
  }

  close() {
    this.isClosed = true;
  }

  /** Look at the lines up to `last`; the promise is kept when that was done. Asked often, it looks now and then. */
  upTo(last) {
    this.wanted = Math.max(this.wanted, last);
    if (this.isClosed || !this.isWhole || this.scanned >= this.wanted) return Promise.resolve();
    this.running ??= this.#run().finally(() => { this.running = null; });
    return this.running;
  }

  async #run() {
    const rest = this.ranAt + PAUSE_MS - performance.now();
    if (rest > 0) await new Promise((resume) => setTimeout(resume, rest));
    this.ranAt = performance.now();
    try {
      while (this.scanned < this.wanted && !this.isClosed && this.isWhole) await this.#step();
    } catch {
      // asked again with the next lines
    }
  }

  async #step() {
    const upto = this.wanted;
    const answer = await this.source.numbers(this.filter, this.scanned);
    if (this.isClosed) return;
    for (const number of answer.numbers) if (number > this.scanned || !this.all.length) this.all.push(number);
    this.scanned = answer.more ? this.all.at(-1) : Math.max(upto, this.all.at(-1) ?? 0);
    this.isWhole = this.all.length < MOST;
    this.changed();
  }

  get word() {
    return this.all.length.toLocaleString("en") + (this.isWhole ? "" : "+");
  }

  /** The first number after (or the last before) a line, going round at the ends. */
  from(number, step) {
    if (!this.all.length) return null;
    const at = this.#placeAfter(number);
    if (step > 0) return this.all[at] ?? this.all[0];
    const before = this.all[at - 1] === number ? at - 2 : at - 1;
    return this.all[before] ?? this.all.at(-1);
  }

  placeOf(number) {
    const at = this.#placeAfter(number);
    return this.all[at - 1] === number ? at : 0;
  }

  #placeAfter(number) {
    let low = 0, high = this.all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.all[middle] <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
