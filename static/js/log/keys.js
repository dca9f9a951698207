// Keys of the log. None fires while somebody types; "/" (search) is a key of every page.

const isTyping = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog") !== null;

/** Where the whole page is in sight, the keys that scroll are free for the log. */
const fitsTheWindow = () => document.documentElement.scrollHeight <= innerHeight + 4;

export function onKeys(log) {
  const page = () => log.list.room - 40;
  const anywhere = {
    e: () => log.nextError(1),
    E: () => log.nextError(-1),
    n: () => log.nextMatch(1),
    N: () => log.nextMatch(-1),
    w: () => log.toolbar.wrap(),
    t: () => log.toolbar.time(),
    f: () => log.list.follow(true),
    F: () => log.list.follow(true),
  };
  const ofThePane = {
    End: () => log.list.follow(true),
    Home: () => log.list.toStart(),
    PageDown: () => log.list.by(page()),
    PageUp: () => log.list.by(-page()),
  };
  const inPane = {
    ...ofThePane,
    ArrowDown: () => log.list.by(20),
    ArrowUp: () => log.list.by(-20),
    " ": () => log.list.by(page()),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const own = event.target === log.list.pane ? inPane : fitsTheWindow() ? ofThePane : {};
    const keys = { ...anywhere, ...own };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
}
