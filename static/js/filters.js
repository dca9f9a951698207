// Filters apply by themselves: the address changes and the live regions are fetched again. Without script their
// form is sent as it is.

import { look } from "./live.js";

/** The page's address with the form's values; what is empty stays out of it, and paging starts over. */
function address(form) {
  const url = new URL(location.href);
  url.search = "";
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.append(name, value);
  return url;
}

function apply(form) {
  history.replaceState(null, "", address(form));
  look({ now: true });
}

for (const form of document.querySelectorAll("form[data-filters]")) {
  let waiting = null;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => apply(form), 250);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(form);
  });
}
