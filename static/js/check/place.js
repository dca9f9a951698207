// Where in JSON text the value stands that a path names.

const BLANK = /[ \t\r\n]*/y;
const PLAIN = /[^\s,\]}]*/y;
const LISTS = ["jsonContent", "labels"];

/** [start, end] of the value at a path such as `[17].objects[2].x`, or of the deepest part of it that is there. */
export function placeOf(text, path) {
  let at = beginOfItems(text);
  for (const step of path.match(/\[\d+\]|[^.[\]]+/g) ?? []) {
    const next = step.startsWith("[") ? element(text, at, Number(step.slice(1, -1))) : member(text, at, step);
    if (next === null) break;
    at = next;
  }
  return [at, endOf(text, at)];
}

/** The list of items: the text itself, or what an import's body has under its name. */
function beginOfItems(text) {
  const at = after(BLANK, text, 0);
  if (text[at] !== "{") return at;
  return LISTS.map((name) => member(text, at, name)).find((place) => place !== null) ?? at;
}

function element(text, at, index) {
  if (text[at] !== "[") return null;
  for (let place = 0, next = after(BLANK, text, at + 1); next < text.length && text[next] !== "]"; place++) {
    if (place === index) return next;
    next = following(text, endOf(text, next));
  }
  return null;
}

function member(text, at, name) {
  if (text[at] !== "{") return null;
  let found = null;
  for (let next = after(BLANK, text, at + 1); text[next] === '"';) {
    const end = endOf(text, next);
    const value = after(BLANK, text, after(BLANK, text, end) + 1);
    if (unquoted(text.slice(next, end)) === name) found = value;
    next = following(text, endOf(text, value));
  }
  return found;
}

/** Where the next value begins after the comma, if there is one. */
function following(text, end) {
  const at = after(BLANK, text, end);
  return text[at] === "," ? after(BLANK, text, at + 1) : at;
}

function endOf(text, at) {
  if (text[at] === '"') return endOfText(text, at);
  if (text[at] !== "[" && text[at] !== "{") return after(PLAIN, text, at);
  let depth = 0;
  for (let next = at; next < text.length; next++) {
    const character = text[next];
    if (character === '"') next = endOfText(text, next) - 1;
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth === 0) return next + 1;
  }
  return text.length;
}

function endOfText(text, at) {
  for (let next = at + 1; next < text.length; next++) {
    if (text[next] === "\\") next++;
    else if (text[next] === '"') return next + 1;
  }
  return text.length;
}

function unquoted(quoted) {
  try {
    return JSON.parse(quoted);
  } catch {
    return null;
  }
}

function after(pattern, text, at) {
  pattern.lastIndex = at;
  pattern.test(text);
  return pattern.lastIndex;
}
