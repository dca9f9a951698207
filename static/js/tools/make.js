// Making elements: text goes in as text, icons come from the sprite, colours are fill attributes.

const SVG = "http://www.w3.org/2000/svg";
let icons = "";
let made = 0;

export const setIcons = (address) => { icons = address; };

/** An id that nothing else on the page has. */
export const newElementId = () => `t${++made}`;

/** make("button", { class: "btn", click: … }, "Add"): functions listen, true and false are switches, the rest are attributes. */
export function make(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "value" || name === "checked") element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name, classes = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${classes}`.trim());
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "use"));
  svg.firstChild.setAttribute("href", `${icons}#${name}`);
  return svg;
}

export function swatch(color, classes = "swatch") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", classes);
  svg.setAttribute("viewBox", "0 0 10 10");
  svg.setAttribute("aria-hidden", "true");
  const rect = svg.appendChild(document.createElementNS(SVG, "rect"));
  for (const [name, value] of Object.entries({ width: 10, height: 10, rx: 2, fill: color })) rect.setAttribute(name, value);
  return svg;
}

export function iconButton(name, label, click, given = {}) {
  return make("button", { type: "button", class: "icon-btn", "aria-label": label, title: label, click, ...given }, icon(name));
}

export function announce(sentence) {
  const place = document.getElementById("announcer");
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = sentence; });
}

export const counted = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
