// Putting a row elsewhere with a mouse, a pen or a finger. The row itself never leaves the page: the others step around it,
// so that it keeps its focus and the pointer.

const EDGE = 60;

/** Follow the pointer from `event` on; `done(index)` gets the row's new place among its siblings, unless it was put back. */
export function drag(event, row, done) {
  if (event.button !== 0) return;
  event.preventDefault();
  const list = row.parentElement;
  const places = [...list.children];
  row.classList.add("dragged");

  const follow = (move) => {
    if (move.clientY < EDGE) scrollBy(0, -12);
    if (move.clientY > innerHeight - EDGE) scrollBy(0, 12);
    step(list, row, move.clientY);
  };
  const end = (isMeant) => {
    row.classList.remove("dragged");
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener, true);
    if (isMeant) done([...list.children].indexOf(row));
    else restore(list, row, places);
  };
  const listeners = {
    pointermove: follow,
    pointerup: () => end(true),
    pointercancel: () => end(false),
    keydown: (key) => { if (key.key === "Escape") { key.preventDefault(); end(false); } },
  };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener, true);
}

function step(list, row, y) {
  for (;;) {
    const { previousElementSibling: before, nextElementSibling: after } = row;
    if (before && y < middleOf(before)) row.after(before);
    else if (after && y > middleOf(after)) row.before(after);
    else return;
  }
}

function middleOf(element) {
  const box = element.getBoundingClientRect();
  return box.top + box.height / 2;
}

function restore(list, row, places) {
  const index = places.indexOf(row);
  for (const other of places.slice(0, index)) row.before(other);
  for (const other of places.slice(index + 1)) list.append(other);
}
