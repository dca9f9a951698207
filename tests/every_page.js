// What is asked of a page, from inside it. Each answers with a list of sentences: what is wrong.

const SEEN = { visibilityProperty: true };
const PRESSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex]";

window.everyPage = {
  /** WCAG 2.1 AA by axe; `rules` are only these, `where` is only there. What Swagger UI draws is its own affair. */
  async axe({ where = null, rules = null }) {
    const runOnly = rules ? { type: "rule", values: rules } : { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] };
    for (const one of document.getAnimations()) if (Number.isFinite(one.effect.getComputedTiming().endTime)) one.finish(); // of a new theme
    const found = await window.axe.run(where ?? { exclude: [[".swagger-ui"]] }, { resultTypes: ["violations"], runOnly });
    const words = (one, node) => (node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? one.help;
    return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}: ${words(one, node)}`));
  },

  /** Nothing hangs over the right edge. */
  overTheEdge() {
    const wide = document.documentElement.scrollWidth;
    if (wide <= innerWidth) return [];
    const isLoose = (one) => { // nothing around it scrolls or clips
      for (let up = one.parentElement; up && up !== document.body; up = up.parentElement) if (getComputedStyle(up).overflowX !== "visible") return false;
      return true;
    };
    const all = [...document.querySelectorAll("body > *, body > * *")];
    const over = all.filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && isLoose(one));
    return [...over.slice(0, 5), document.documentElement].map((one) => `${one.tagName}.${one.className?.baseVal ?? one.className} makes it ${wide} px wide`);
  },

  /** Whatever can be pressed takes the focus and shows that it has it; behind an open dialog nothing can. */
  notByKeyboard() {
    const wrong = [];
    for (const one of (document.querySelector("dialog:modal") ?? document).querySelectorAll(PRESSABLE)) {
      if (!one.checkVisibility(SEEN) || one.disabled || one.closest("[inert]") || one.getAttribute("tabindex") === "-1") continue;
      const name = `${one.tagName.toLowerCase()} «${(one.getAttribute("aria-label") ?? one.textContent ?? "").trim().slice(0, 40)}»`;
      one.focus({ preventScroll: true });
      const style = getComputedStyle(one), box = one.getBoundingClientRect();
      const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      if (document.activeElement !== one) wrong.push(`${name} takes no focus`);
      else if (!hasOutline && style.boxShadow === "none") wrong.push(`${name} does not show the focus`);
      else if (box.width < 1 || box.height < 1) wrong.push(`${name} cannot be seen`);
    }
    return wrong;
  },

  /** No two elements have the same id. */
  twins() {
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    return [...new Set(ids.filter((id, n) => ids.indexOf(id) !== n))];
  },

  /** The dialogs that are closed, by their ids; `open` and `close` show them one after the other. */
  dialogs: () => [...document.querySelectorAll("dialog:not([open])")].map((one) => one.id),
  open: (id) => document.getElementById(id).showModal(),
  close: (id) => document.getElementById(id).close(),
};
