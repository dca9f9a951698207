// Text with terminal colours, as pieces {text, classes}. Only colour and weight are kept; every other escape is dropped.

// eslint-disable-next-line no-control-regex
const ESCAPES = /\x1b(?:\[([0-9;:?]*)([A-Za-z@`{|}~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[()#][0-9A-Za-z]|.)?/g;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

const plain = () => ({ colour: "", bold: false, dim: false, underlined: false });

/** What a terminal would show: after a carriage return the line is written anew. */
export function lastState(text) {
  if (!text.includes("\r")) return text;
  return text.replace(/\r+\n/g, "\n").split("\n").map((line) => line.replace(/\r+$/, "").split("\r").at(-1)).join("\n");
}

export function pieces(text) {
  if (!text.includes("\x1b")) return [{ text: text.replace(CONTROLS, ""), classes: "" }];
  const found = [];
  let style = plain();
  let end = 0;
  const add = (part) => {
    const shown = part.replace(CONTROLS, "");
    if (shown) found.push({ text: shown, classes: classesOf(style) });
  };
  for (const match of text.matchAll(ESCAPES)) {
    add(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[2] === "m") style = styled(style, match[1] ?? "");
  }
  add(text.slice(end));
  return found;
}

function styled(style, codes) {
  let next = { ...style };
  const numbers = codes.split(/[;:]/).map(Number);
  while (numbers.length) {
    const code = numbers.shift();
    if (code === 0) next = plain();
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 4) next.underlined = true;
    else if (code === 22) next.bold = next.dim = false;
    else if (code === 24) next.underlined = false;
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) next.colour = `a${code}`;
    else if (code === 39) next.colour = "";
    else if (code === 38 || code === 48) next.colour = extended(numbers, code, next.colour);
  }
  return next;
}

/** 38;5;n and 38;2;r;g;b: of these only the sixteen that have a readable colour here are taken. */
function extended(numbers, code, colour) {
  const kind = numbers.shift();
  if (kind === 2) {
    numbers.splice(0, 3);
    return colour;
  }
  const index = kind === 5 ? numbers.shift() : NaN;
  if (code === 48 || !(index < 16)) return colour;
  return index < 8 ? `a${30 + index}` : `a${82 + index}`;
}

const classesOf = (style) =>
  [style.colour, style.bold && "a-b", style.dim && "a-d", style.underlined && "a-u"].filter(Boolean).join(" ");
