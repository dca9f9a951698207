// Levels as the page sorts them: four, whatever a script calls its own.

export const LEVELS = ["debug", "info", "warning", "error"];
const NUMBERS = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 };

export const leastOf = (name) => 10 * (LEVELS.indexOf(name) + 1);

export function numberOf(level) {
  return NUMBERS[level.toUpperCase()] ?? (Number(level.replace("Level ", "")) || 20);
}

const OWN = ["system", "stderr"]; // of what a managed script printed

export function nameOf(level) {
  if (OWN.includes(level)) return level;
  const number = numberOf(level);
  return number < 20 ? "debug" : number < 30 ? "info" : number < 40 ? "warning" : "error";
}

/** How many lines a filter by level lets by. */
export function countFrom(counts, level) {
  return LEVELS.reduce((sum, name) => sum + (leastOf(name) >= level || level <= 10 ? counts[name] : 0), 0);
}
