// Pictures that did not say their size, pictures that did not load, and the colours of marked words.

/** An overlay without a size takes that of its picture. */
function size(picture) {
  const image = picture.querySelector("img");
  const overlay = picture.querySelector("svg[data-size-unknown]:not([viewBox])");
  if (overlay && image?.naturalWidth) overlay.setAttribute("viewBox", `0 0 ${image.naturalWidth} ${image.naturalHeight}`);
}

function lose(picture) {
  picture.querySelector("img").hidden = true;
  picture.querySelector(".nopic").hidden = false;
}

const watched = new WeakSet();

function watch(picture) {
  const image = picture.querySelector("img");
  if (!image || watched.has(image)) return size(picture);
  watched.add(image);
  image.addEventListener("load", () => size(picture));
  image.addEventListener("error", () => lose(picture));
  if (image.complete && image.currentSrc) {
    if (image.naturalWidth) size(picture);
    else lose(picture);
  }
}

/** Marked words take the colour of their tool; the page itself may not say so in an attribute. */
function colour() {
  for (const mark of document.querySelectorAll("mark[data-color]")) mark.style.setProperty("--tool", mark.dataset.color);
}

const watchAll = () => document.querySelectorAll("[data-picture]").forEach(watch);
watchAll();
colour();
document.addEventListener("pluginhost:fresh", () => { watchAll(); colour(); });
