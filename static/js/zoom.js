// Zoom: the picture is laid out larger, not stretched as a finished image, so that it stays sharp; lines keep their width.

const box = document.querySelector("[data-stagebox]");
const stage = document.querySelector("[data-stage]");
const image = stage?.querySelector("img");
const word = document.querySelector("[data-zoom-word]");
const STEP = 1.25;
const LARGEST = 32;

let scale = null; // null: it fits the window

/** The picture's own size in pixels: as the server knows it, or as the browser found it. */
function natural() {
  return {
    width: Number(image.getAttribute("width")) || image.naturalWidth,
    height: Number(image.getAttribute("height")) || image.naturalHeight,
  };
}

function shown() {
  const { width, height } = natural();
  return scale ?? Math.min(box.clientWidth / width, box.clientHeight / height);
}

function say() {
  if (natural().width) word.textContent = `${Math.round(shown() * 100)} %`;
}

/** Where on the picture, in its pixels, a spot of the window is. */
function spot(at) {
  const frame = stage.getBoundingClientRect();
  const { width, height } = natural();
  return {
    x: (at.x - frame.x - frame.width / 2) / shown() + width / 2,
    y: (at.y - frame.y - frame.height / 2) / shown() + height / 2,
  };
}

/** Show at `next` (1: pixel by pixel; null: it fits), keeping the spot under the pointer, or the middle, where it is. */
function zoom(next, at) {
  const { width, height } = natural();
  if (!width) return;
  const window = box.getBoundingClientRect();
  const pointer = at ?? { x: window.x + window.width / 2, y: window.y + window.height / 2 };
  const kept = spot(pointer);
  scale = next === null ? null : Math.min(Math.max(next, 16 / width), LARGEST);
  stage.classList.toggle("zoomed", scale !== null);
  stage.classList.toggle("pixels", scale !== null && scale >= 3);
  stage.style.width = scale === null ? "" : `${width * scale}px`;
  stage.style.height = scale === null ? "" : `${height * scale}px`;
  const now = spot(pointer);
  box.scrollLeft += (kept.x - now.x) * shown();
  box.scrollTop += (kept.y - now.y) * shown();
  say();
}

const actions = {
  in: () => zoom(shown() * STEP),
  out: () => zoom(shown() / STEP),
  one: () => zoom(1),
  fit: () => zoom(null),
  plain: (button) => {
    const isPlain = stage.classList.toggle("plain");
    button.setAttribute("aria-pressed", String(isPlain));
  },
};

if (stage) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) actions[button.dataset.zoom](button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "=" && !event.ctrlKey && !event.target.closest("input, textarea")) actions.in();
  });
  box.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(shown() * Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), { x: event.clientX, y: event.clientY });
  }, { passive: false });

  // Drag to move what is larger than the window.
  let grip = null;
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || scale === null) return;
    grip = { x: event.clientX + box.scrollLeft, y: event.clientY + box.scrollTop };
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (grip) box.scrollTo(grip.x - event.clientX, grip.y - event.clientY);
  });
  for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => { grip = null; });
  image.addEventListener("dragstart", (event) => event.preventDefault());
  image.addEventListener("load", say);
  addEventListener("resize", say);
  if (image.complete) say();
}

// The list points at the picture.
document.addEventListener("pointerover", (event) => {
  const row = event.target.closest("[data-points-at]");
  for (const mark of document.querySelectorAll("[data-mark].pointed")) mark.classList.remove("pointed");
  if (row) document.querySelector(`[data-mark="${row.dataset.pointsAt}"]`)?.classList.add("pointed");
});
