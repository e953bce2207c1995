/** The last run in a word. */
export function lastState(passed: boolean | null, enabled = true): string {
  if (!enabled) return "off";
  return passed === null ? "no run yet" : passed ? "passed" : "failed";
}
