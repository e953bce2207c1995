import { IconCircleCheck, IconEye, IconFlame, IconShieldCheck } from "@tabler/icons-react";
import classes from "./incidents.module.css";
import { STATUS_NAMES, type Status } from "./model";

const SIGNS = {
  open: { Icon: IconFlame, color: "var(--v-critical)" },
  acknowledged: { Icon: IconEye, color: "var(--v-warning)" },
  mitigated: { Icon: IconShieldCheck, color: "var(--v-warning)" },
  resolved: { Icon: IconCircleCheck, color: "var(--v-good)" },
} as const;

/** A status by its sign, colour and name. */
export function StatusMark({ status }: { status: Status }) {
  const { Icon, color } = SIGNS[status];
  return (
    <span className={classes.status} style={{ color }}>
      <Icon size={15} aria-hidden /> {STATUS_NAMES[status]}
    </span>
  );
}
