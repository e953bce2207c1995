import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconQuestionMark,
} from "@tabler/icons-react";
import classes from "./datasets.module.css";

const BAD = new Set(["violated", "drift", "CompletedWithViolations", "Failed", "removed"]);
const GOOD = new Set(["passed", "no drift", "ok", "Completed"]);
const WORDS: Record<string, string> = {
  CompletedWithViolations: "violations",
  Completed: "passed",
  NoData: "no data",
};

/** A status as a sign and a word, never as colour alone. */
export function State({ status, more }: { status: string; more?: string }) {
  const word = WORDS[status] ?? status;
  const text = more ? `${word}, ${more}` : word;
  if (BAD.has(status)) {
    return (
      <span className={`${classes.state} ${classes.bad}`}>
        <IconAlertTriangle size={14} aria-hidden /> {text}
      </span>
    );
  }
  if (GOOD.has(status)) {
    return (
      <span className={`${classes.state} good`}>
        <IconCircleCheck size={14} aria-hidden /> {text}
      </span>
    );
  }
  const Icon = status === "none" ? IconCircleDashed : IconQuestionMark;
  return (
    <span className={`${classes.state} dimmed`}>
      <Icon size={14} aria-hidden /> {status === "none" ? "not watched" : text}
    </span>
  );
}
