// What is wrong, said three times: at the field, at its card, and in the summary on top with a link to the field.
// The rules are the server's; this only asks it and shows what it answers.

import { icon, make, newElementId } from "./make.js";

const WAIT_MS = 500;

export class Problems {
  constructor(form, { origins, open, lineTo, isJson }) {
    Object.assign(this, { form, origins, open, lineTo, isJson });
    this.list = [];
    this.asked = 0;
    this.note = form.querySelector("[data-summary]");
    this.inJson = form.querySelector("[data-json-problems]");
  }

  /** Ask again soon; many calls become one question, and only the newest answer counts. */
  ask(text, { now = false } = {}) {
    clearTimeout(this.timer);
    return new Promise((resolve) => {
      this.timer = setTimeout(() => this.askNow(text()).then(resolve), now ? 0 : WAIT_MS);
    });
  }

  async askNow(text) {
    const mine = ++this.asked;
    const body = new FormData();
    body.set("schema", text);
    body.set("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
    try {
      const answer = await fetch(this.form.dataset.check, { method: "POST", body });
      if (!answer.ok || mine !== this.asked) return;
      this.list = (await answer.json()).problems;
      this.show();
    } catch {
      // the server is away for a moment; it looks again when the form is sent
    }
  }

  show() {
    this.clear();
    this.byItem = new Map();
    const links = this.list.map((problem) => this.place(problem));
    this.showSummary(links);
    this.inJson.replaceChildren(...this.list.map((problem) => make("li", { "data-level": problem.level }, this.lineLink(problem))));
  }

  /** Say it again at the fields, since new ones came. */
  showAtFields() {
    this.clear();
    for (const problem of this.list) this.mark(problem, this.find(problem.path));
  }

  clear() {
    for (const error of this.form.querySelectorAll("[data-problem]")) error.remove();
    for (const control of this.form.querySelectorAll("[data-marked]")) {
      control.removeAttribute("aria-invalid");
      control.setAttribute("aria-describedby", control.dataset.marked);
      if (!control.dataset.marked) control.removeAttribute("aria-describedby");
      delete control.dataset.marked;
    }
  }

  showSummary(links) {
    const errors = this.list.filter((problem) => problem.level === "error").length;
    this.note.hidden = this.list.length === 0;
    this.note.dataset.state = errors ? "failed" : "partial";
    this.note.querySelector("[data-summary-words]").textContent = errors ? "To mend before it can be saved:" : "Worth another look; it can be saved like this:";
    this.note.querySelector("[data-summary-list]").replaceChildren(...links.map((link) => make("li", {}, link)));
  }

  /** Note which items it is about, say it at its field if that is on the page, and give the link to it. */
  place(problem) {
    const found = this.find(problem.path);
    for (const item of found.items) this.byItem.set(item, [...(this.byItem.get(item) ?? []), problem]);
    if (!this.isJson()) this.mark(problem, found);
    const where = found.items.filter((item) => item.title).map((item) => item.title).join(" › ");
    return make("a", { href: "#", click: (event) => { event.preventDefault(); this.goTo(problem); } }, where ? `${where}: ${problem.message}` : problem.message);
  }

  lineLink(problem) {
    const words = `Line ${problem.line}: ${problem.path ? `${problem.path}: ` : ""}${problem.message}`;
    return make("a", { href: "#id_schema", click: (event) => { event.preventDefault(); this.lineTo(problem.line); } }, words);
  }

  /** From `categorySchema.tools[0].options[1].value` to the objects on the way and the field's name. */
  find(path) {
    const { root, sources } = this.origins();
    const items = [];
    let name = "";
    let here = root;
    for (const [, key, index] of path.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)) {
      if (key) name = key;
      here = here?.[key ?? Number(index)];
      if (sources.has(here)) {
        items.push(sources.get(here));
        name = "";
      }
    }
    return { items, name };
  }

  mark(problem, { items, name }) {
    const field = this.fieldOf(items, name);
    if (!field) return;
    const error = make("span", { class: "error", id: newElementId(), "data-problem": true, "data-level": problem.level }, icon("alert-triangle"), make("span", {}, problem.message));
    const control = field.querySelector("input, select, textarea");
    if (field.matches(".optionrow")) field.after(error);
    else field.append(error);
    if (!control || field.matches("fieldset")) return;
    control.dataset.marked ??= control.getAttribute("aria-describedby") ?? "";
    control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${error.id}`.trim());
    if (problem.level === "error") control.setAttribute("aria-invalid", "true");
  }

  fieldOf(items, name) {
    const row = items.length ? this.open(items.at(-1), { isAsked: false }) : null;
    return row?.querySelector(`[data-field="${CSS.escape(name)}"]`) ?? null;
  }

  goTo(problem) {
    if (this.isJson()) return this.lineTo(problem.line);
    const { items, name } = this.find(problem.path);
    let row = null;
    for (const item of items) row = this.open(item, { isAsked: true }) ?? row;
    const field = row?.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const target = field?.querySelector("input, select, textarea, button, summary") ?? row?.querySelector("button");
    target?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
  }

  /** The mark at an item's card: how many things below it are to be looked at. */
  markOf(item) {
    const own = this.byItem?.get(item) ?? [];
    if (!own.length) return null;
    const isError = own.some((problem) => problem.level === "error");
    return make("span", { class: "badge", "data-state": isError ? "failed" : "partial" }, icon("alert-triangle"), isError ? `${own.length} to mend` : "look again");
  }
}
