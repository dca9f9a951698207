// Talking to the server: JSON questions with the form's token, and one file's bytes with their progress.

const STALLED_MS = 60_000;

/** What went wrong, in a sentence; `isFinal` when trying again would not help. */
export class Refused extends Error {
  constructor(sentence, isFinal = false) {
    super(sentence);
    this.isFinal = isFinal;
  }
}

export async function ask(form, url, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  let answer;
  try {
    const signal = AbortSignal.timeout(STALLED_MS);
    answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), redirect: "manual", signal });
  } catch {
    throw new Refused("The server does not answer.");
  }
  if (answer.type === "opaqueredirect") throw new Refused("You are signed out. Sign in in another tab, then retry.");
  const given = await answer.json().catch(() => null);
  if (!answer.ok || given === null) throw new Refused(given?.message ?? `The server answered ${answer.status}.`);
  return given;
}

/** PUT the file; rejects with Refused. `onProgress(bytes)` is called as they go; `hold(abort)` gets what stops it. */
export function put(url, file, onProgress, hold) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watch = null;
    const alive = () => {
      clearTimeout(watch);
      watch = setTimeout(() => { reject(new Refused("Nothing moved for a minute.")); request.abort(); }, STALLED_MS);
    };
    request.upload.addEventListener("progress", (event) => { alive(); onProgress(event.loaded); });
    request.addEventListener("load", () => (request.status === 200 ? resolve() : reject(refusal(request))));
    request.addEventListener("error", () => reject(new Refused("The connection broke, or the file cannot be read any more.")));
    request.addEventListener("abort", () => reject(new Refused("Stopped.")));
    request.addEventListener("loadend", () => clearTimeout(watch));
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    hold(() => request.abort());
    alive();
    request.send(file);
  });
}

function refusal(request) {
  let said = "";
  try {
    said = JSON.parse(request.responseText).message ?? "";
  } catch {
    // not one of our own answers
  }
  return new Refused(said || `The server answered ${request.status}.`, request.status === 413);
}
