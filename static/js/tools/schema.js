// Category schemas as plain values: reading and writing the text, new items, copies, trees and their paths. No page in here.

export const LISTS = ["tools", "classifications", "relations"];
const BETWEEN = " / ";

/** The value of a JSON text; numbers that a browser would round or rewrite stay as they were written, where it can. */
export function parse(text) {
  if (typeof JSON.rawJSON !== "function") return JSON.parse(text);
  return JSON.parse(text, (_, value, context) => (
    typeof value === "number" && context?.source !== undefined && String(value) !== context.source ? JSON.rawJSON(context.source) : value
  ));
}

export const textOf = (schema) => JSON.stringify(schema, null, 2);

/** As the client makes them: 32 hex digits. (crypto.randomUUID is not there without https.) */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Why the editor cannot show the value, in a sentence; empty when it can. */
export function unfit(schema) {
  if (!isObject(schema)) return "The whole must be an object in curly brackets, with tools, classifications and relations.";
  for (const name of LISTS) {
    const wrong = unfitItems(schema[name], name);
    if (wrong) return wrong;
  }
  return "";
}

function unfitItems(items, path) {
  if (items === undefined || items === null) return "";
  if (!Array.isArray(items)) return `${path} must be a list.`;
  for (const [index, item] of items.entries()) {
    const here = `${path}[${index}]`;
    if (!isObject(item)) return `${here} must be an object.`;
    const wrong = unfitItems(item.classifications, `${here}.classifications`)
      || unfitList(item.options, `${here}.options`, (option) => typeof option === "string" || isObject(option))
      || unfitTree(item.treeOptions, `${here}.treeOptions`);
    if (wrong) return wrong;
  }
  return "";
}

function unfitList(list, path, fits) {
  if (list === undefined || list === null) return "";
  if (!Array.isArray(list)) return `${path} must be a list.`;
  const wrong = list.findIndex((one) => !fits(one));
  return wrong < 0 ? "" : `${path}[${wrong}] must be an object.`;
}

function unfitTree(nodes, path) {
  const wrong = unfitList(nodes, path, isObject);
  if (wrong || !nodes) return wrong;
  return nodes.map((node, index) => unfitTree(node.children, `${path}[${index}].children`)).find(Boolean) ?? "";
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** Make sure of what the editor holds on to: the lists are there, options are objects, and everything has an id. */
export function prepare(schema) {
  for (const name of LISTS) {
    schema[name] ??= [];
    schema[name].forEach(prepareItem);
  }
  return schema;
}

function prepareItem(item) {
  if (item.schemaId === undefined || item.schemaId === null || item.schemaId === "") item.schemaId = newId();
  item.options = (item.options ?? []).map((option) => (typeof option === "string" ? { value: option } : option));
  for (const option of item.options) option.schemaId ||= newId();
  (item.treeOptions ?? []).forEach(prepareNode);
  item.classifications ??= [];
  item.classifications.forEach(prepareItem);
}

function prepareNode(node) {
  node.key ||= node.schemaId || newId();
  node.value ??= node.key;
  node.children ??= [];
  node.children.forEach(prepareNode);
}

// --- new ones and copies ---

/** With all the fields that the client writes. */
export function newItem(list, kind, color) {
  const item = { tool: kind, title: "", required: false, columnField: false, schemaId: newId(), color, shortcutKey: "", classifications: [], options: [] };
  if (list !== "classifications") return item;
  return { ...item, regex: null, treeOptions: [], parentOptionId: null, frameSpecific: false, showDropdown: false, richText: false };
}

export function newNode(title) {
  const key = newId();
  return { title, key, value: key, children: [] };
}

/** A copy with ids of its own throughout; follow-up questions stay with the copies of their options. */
export function duplicate(item) {
  const copy = parse(JSON.stringify(item));
  const ids = new Map();
  const renamed = (id) => {
    if (!ids.has(id)) ids.set(id, newId());
    return ids.get(id);
  };
  const node = (one) => {
    const key = renamed(one.key);
    if (one.value === one.key) one.value = key;
    one.key = key;
    one.children.forEach(node);
  };
  const each = (one) => {
    one.schemaId = newId();
    one.options.forEach((option) => { option.schemaId = renamed(option.schemaId); });
    (one.treeOptions ?? []).forEach(node);
    one.classifications.forEach(each);
  };
  const mend = (one) => {
    if (ids.has(one.parentOptionId)) one.parentOptionId = ids.get(one.parentOptionId);
    one.classifications.forEach(mend);
  };
  each(copy);
  mend(copy);
  copy.title = copy.title ? `${copy.title} (copy)` : "";
  if ("shortcutKey" in copy) copy.shortcutKey = "";
  return copy;
}

// --- trees ---

/** The paths of a tree as options («A», «A / B»), as the client derives them; what an option of that key had is kept. */
export function flatten(nodes, had = [], before = "") {
  return nodes.flatMap((node) => {
    const path = `${before}${node.title}`;
    const own = { ...had.find((option) => option.schemaId === node.key), value: path, schemaId: node.key };
    return [own, ...flatten(node.children, had, path + BETWEEN)];
  });
}

/** The other way round: the tree whose paths these are. */
export function treeOf(options) {
  const top = [];
  for (const option of options) {
    let level = top;
    let node = null;
    for (const title of String(option.value).split(BETWEEN)) {
      node = level.find((one) => one.title === title);
      if (!node) level.push(node = newNode(title));
      level = node.children;
    }
    node.key = option.schemaId;
    node.value = option.schemaId;
  }
  return top;
}

// --- what is saved ---

/**
 * The schema without what was deleted. `origins` maps each object in it to the one it was made from, so that the
 * path of an error leads to the field.
 */
export function plain(schema, isGone, origins = new Map()) {
  const kept = (list) => list.filter((one) => !isGone(one));
  const noted = (copy, source) => {
    origins.set(copy, source);
    return copy;
  };
  const node = (one) => noted({ ...one, children: kept(one.children).map(node) }, one);
  const item = (one) => {
    const copy = noted({ ...one }, one);
    copy.options = kept(one.options).map((option) => noted({ ...option }, option));
    if (one.treeOptions?.length) {
      copy.treeOptions = kept(one.treeOptions).map(node);
      copy.options = flatten(copy.treeOptions, one.options);
    }
    const removed = new Set(idsOf(one).filter((id) => !idsOf(copy).includes(id)));
    copy.classifications = kept(one.classifications).filter((nested) => !removed.has(nested.parentOptionId)).map(item);
    return copy;
  };
  return { ...schema, ...Object.fromEntries(LISTS.map((name) => [name, kept(schema[name]).map(item)])) };
}

/** The ids by which follow-up questions may hang on an item: its options', or its tree's nodes'. */
export function idsOf(item) {
  const options = item.options.map((option) => option.schemaId);
  return [...options, ...flatten(item.treeOptions ?? []).map((option) => option.schemaId)];
}
