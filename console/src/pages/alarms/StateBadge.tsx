import { IconAlertOctagon, IconCircleCheck, IconHelpCircle } from "@tabler/icons-react";
import classes from "./alarms.module.css";
import { STATE_NAMES, type State } from "./model";

const SIGNS = {
  ALARM: { Icon: IconAlertOctagon, color: "var(--v-critical)" },
  INSUFFICIENT_DATA: { Icon: IconHelpCircle, color: "var(--v-warning)" },
  OK: { Icon: IconCircleCheck, color: "var(--v-good)" },
} as const;

/** A state by its sign, colour and name. */
export function StateBadge({ state }: { state: State }) {
  const { Icon, color } = SIGNS[state];
  return (
    <span className={classes.state} style={{ color }}>
      <Icon size={15} aria-hidden /> {STATE_NAMES[state]}
    </span>
  );
}
