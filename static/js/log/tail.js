// News of the log: by socket, and by asking every two seconds while there is none. It says how far it has come, so that
// nothing is missed and nothing is told twice.

const POLL_MS = 2000;
const LONGEST_WAIT_MS = 4000;
const GONE = [4401, 4403, 4404];

export class Tail {
  /** `told(news)` for what is new; `became("live" | "reconnecting" | "gone")` for the line itself. */
  constructor(path, source, seen, { told, became }) {
    Object.assign(this, { path, source, seen, told, became });
    this.failures = 0;
    this.polling = null;
    this.isAsking = false;
    this.#connect();
  }

  #address() {
    const url = new URL(this.path, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    for (const name of ["after", "event"]) url.searchParams.set(name, this.seen[name]);
    return url;
  }

  #connect() {
    const socket = new WebSocket(this.#address());
    socket.onopen = () => {
      this.failures = 0;
      clearInterval(this.polling);
      this.polling = null;
      this.became("live");
    };
    socket.onmessage = (message) => this.#take(JSON.parse(message.data));
    socket.onclose = (event) => {
      if (GONE.includes(event.code)) return this.became("gone");
      this.failures += 1;
      this.became("reconnecting");
      this.polling ??= setInterval(() => this.#ask(), POLL_MS);
      setTimeout(() => this.#connect(), Math.min(250 * 2 ** this.failures, LONGEST_WAIT_MS) * (0.7 + 0.6 * Math.random()));
    };
  }

  async #ask() {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      const news = await this.source.news(this.seen);
      if (news.version) this.#take(news);
    } catch {
      // the server is away for a moment
    } finally {
      this.isAsking = false;
    }
  }

  #take(news) {
    this.seen = {
      after: Math.max(this.seen.after, news.last),
      event: Math.max(this.seen.event, news.event),
      version: news.version,
    };
    this.told(news);
  }
}
