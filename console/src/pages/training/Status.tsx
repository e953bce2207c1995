import { Badge } from "@mantine/core";

const COLORS: Record<string, string> = {
  RUNNING: "blue",
  SCHEDULED: "gray",
  FINISHED: "green",
  FAILED: "red",
  KILLED: "orange",
};

/** What a run is in. */
export function RunStatus({ status, deleted }: { status: string; deleted?: boolean }) {
  return (
    <Badge size="xs" variant="light" autoContrast color={deleted ? "gray" : COLORS[status]}>
      {deleted ? "deleted" : status.toLowerCase()}
    </Badge>
  );
}
