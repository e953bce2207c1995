/** How pipelines and runs stand, as a sign, a word and a colour; and their last runs as a strip. */

import type { components } from "@/api/schema";
import { formatSeconds } from "@/charts/units";
import { PageLink } from "@/components/PageLink";
import classes from "./pipelines.module.css";

export type Pipeline = components["schemas"]["PipelineView"];
export type Run = components["schemas"]["PipelineRunView"];
export type Recent = components["schemas"]["RecentView"];

const MARKS: Record<string, { sign: string; word: string; color: string }> = {
  ok: { sign: "●", word: "ok", color: "var(--v-good)" },
  completed: { sign: "●", word: "completed", color: "var(--v-good)" },
  passed: { sign: "●", word: "passed", color: "var(--v-good)" },
  running: { sign: "▶", word: "running", color: "var(--v-link)" },
  late: { sign: "▲", word: "late", color: "var(--v-warning)" },
  warning: { sign: "▲", word: "stale", color: "var(--v-warning)" },
  error: { sign: "■", word: "too old", color: "var(--v-critical)" },
  failing: { sign: "■", word: "failing", color: "var(--v-critical)" },
  failed: { sign: "■", word: "failed", color: "var(--v-critical)" },
  violated: { sign: "■", word: "violated", color: "var(--v-critical)" },
  aborted: { sign: "◆", word: "aborted", color: "var(--v-warning)" },
};
const UNKNOWN = { sign: "○", word: "unknown", color: "var(--v-dimmed)" };

export function markOf(status: string) {
  return MARKS[status] ?? UNKNOWN;
}

export function Mark({ status }: { status: string }) {
  const { sign, word, color } = markOf(status);
  return (
    <span style={{ whiteSpace: "nowrap" }}>
      <span aria-hidden="true" style={{ color }}>
        {sign}
      </span>{" "}
      {word}
    </span>
  );
}

/** The last runs, oldest first: as high as they took long, with the colour of how they ended. */
export function RecentRuns({ recent, label }: { recent: readonly Recent[]; label: string }) {
  const most = Math.max(...recent.map((one) => one.seconds ?? 0), 1e-9);
  const last = recent.at(-1);
  const told = last ? `${markOf(last.status).word}, ${formatSeconds(last.seconds)}` : "none";
  const width = 5;
  return (
    <svg
      role="img"
      aria-label={`last ${recent.length} runs of ${label}; the last: ${told}`}
      width={30 * width}
      height={22}
      className={classes.recent}
    >
      {recent.map((one, at) => {
        const height = 4 + 18 * ((one.seconds ?? 0) / most);
        return (
          <rect
            key={one.run_id}
            x={at * width}
            y={22 - height}
            width={width - 1}
            height={height}
            fill={markOf(one.status).color}
          />
        );
      })}
    </svg>
  );
}

export function PipelineLink({ job, children }: { job: string; children?: string }) {
  return (
    <PageLink to="/pipelines/detail" search={{ pipeline: job }} className={classes.link}>
      {children ?? job}
    </PageLink>
  );
}

export function RunLink({ runId, children }: { runId: string; children: React.ReactNode }) {
  return (
    <PageLink to="/pipelines/runs/$runId" params={{ runId }} className={classes.link}>
      {children}
    </PageLink>
  );
}
