// Asks the server for lines. Whoever asks gets an answer or an error; trying again is the asker's business.

export const PAGE = 500;

export class Source {
  constructor(address) {
    this.address = address;
  }

  lines(after, { filter = {}, limit = PAGE } = {}) {
    return this.#get({ after, limit, ...filter });
  }

  /** One line in full. */
  async whole(number) {
    const answer = await this.#get({ after: number - 1, limit: 1, whole: 1 });
    return answer.lines[0];
  }

  index(filter) {
    return this.#get({ view: "index", ...filter });
  }

  numbers(filter, after) {
    return this.#get({ view: "numbers", after, ...filter });
  }

  news(seen) {
    return this.#get({ view: "news", ...seen });
  }

  /** The address of a download. */
  file(format, filter = {}) {
    return this.#url({ format, ...filter }).href;
  }

  #url(asked) {
    const url = new URL(this.address, location.href);
    for (const [name, value] of Object.entries(asked)) if (value) url.searchParams.set(name, value);
    return url;
  }

  async #get(asked) {
    const answer = await fetch(this.#url(asked), { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok || answer.redirected) throw new Error(`the log answered ${answer.status}`);
    return answer.json();
  }
}
