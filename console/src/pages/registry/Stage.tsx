import { Badge, Group } from "@mantine/core";

export const STAGES = ["Development", "QA", "PreProduction", "Production", "Archived"] as const;

const COLORS: Record<string, string> = {
  Production: "green",
  PreProduction: "teal",
  QA: "blue",
  Development: "gray",
  Archived: "gray",
};
const STATES: Record<string, string> = {
  Approved: "green",
  PendingApproval: "yellow",
  Rejected: "red",
  OnHold: "orange",
};

/** How far a version has come, and what is going on there. */
export function StageMark({ stage, status }: { stage: string; status?: string }) {
  return (
    <Group gap={4} wrap="nowrap" component="span">
      <Badge size="sm" variant="light" autoContrast color={COLORS[stage]}>
        {stage}
      </Badge>
      {status && status !== "InProgress" && (
        <Badge size="xs" variant="outline" color={STATES[status] ?? "gray"}>
          {status.replace(/(?<=[a-z])(?=[A-Z])/g, " ")}
        </Badge>
      )}
    </Group>
  );
}

const REQUESTS: Record<string, string> = {
  pending: "yellow",
  approved: "green",
  rejected: "red",
};

/** What became of an approval request. */
export function RequestMark({ status }: { status: string }) {
  return (
    <Badge size="sm" variant="light" autoContrast color={REQUESTS[status] ?? "gray"}>
      {status}
    </Badge>
  );
}
