// Reveals the secret in place, also in the snippets, and hides it again. Nothing of it is kept.

const code = document.getElementById("secret");
const form = document.querySelector("form[data-reveals]");
const problem = document.getElementById("secret-error");
const placeholder = "<YOUR PLUGIN SECRET>";

function show(secret) {
  code.textContent = secret ?? code.dataset.mask;
  for (const place of document.querySelectorAll("[data-secret]")) place.textContent = secret ?? placeholder;
  for (const button of document.querySelectorAll("[data-when-revealed]")) button.hidden = !secret;
  form.hidden = Boolean(secret);
}

async function reveal() {
  problem.hidden = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error("refused");
    show((await answer.json()).secret);
    document.querySelector("[data-hides-secret]").focus();
  } catch {
    problem.querySelector("[data-word]").textContent = "It could not be revealed. Reload the page and try again.";
    problem.hidden = false;
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  reveal();
});
document.querySelector("[data-hides-secret]")?.addEventListener("click", () => show(null));
