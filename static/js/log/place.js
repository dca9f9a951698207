// The address tells what is looked at: the filters in the query, the picked lines behind the #.

/** [first, last] of `#L318` or `#L318-L325`. */
export function pickedOf(hash) {
  const found = /^#L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
  return found ? [Number(found[1]), Number(found[2] ?? found[1])] : null;
}

export function writeAddress(log) {
  const url = new URL(location.href);
  const { level, q, hides, stream } = log.filter;
  const values = { level: level > 10 ? { 20: "info", 30: "warning", 40: "error" }[level] : "", q, only: q && hides ? "1" : "", stream };
  for (const [name, value] of Object.entries(values)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  const [first, last] = log.look.picked ?? [];
  url.hash = first ? (first === last ? `L${first}` : `L${first}-L${last}`) : "";
  history.replaceState(null, "", url.hash ? url : url.pathname + url.search);
}

/** The whole viewer, when somebody came by a link to a line. */
export function showPicked(box) {
  const top = box.getBoundingClientRect().top;
  if (top > innerHeight * 0.6) box.scrollIntoView({ block: "start" });
}
