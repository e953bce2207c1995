import classes from "./Standing.module.css";

const TONES: Record<string, "good" | "warn" | "bad"> = {
  ok: "good",
  met: "good",
  "on track": "good",
  good: "good",
  passed: "good",
  OK: "good",
  "not growing": "good",
  optimized: "good",
  growing: "warn",
  idle: "warn",
  "over-provisioned": "warn",
  "no limit": "warn",
  "at risk": "warn",
  "needs improvement": "warn",
  missed: "bad",
  burning: "bad",
  exhausted: "bad",
  failed: "bad",
  poor: "bad",
  ALARM: "bad",
  full: "bad",
  "under-provisioned": "bad",
};

/** A state as a word with a mark; colour only says it again. */
export function StateMark({ state }: { state: string }) {
  return (
    <span className={classes.mark} data-tone={TONES[state] ?? "none"}>
      {state}
    </span>
  );
}
