import { Table, Text } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { client, unwrap } from "@/api/client";
import { useAsk } from "@/api/query";
import type { components } from "@/api/schema";
import { TimePanel } from "@/charts/TimePanel";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Empty, Partial } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./alarms.module.css";
import {
  type AlarmSpec,
  alignedOf,
  type Draft,
  labelText,
  overlaysOf,
  STATE_NAMES,
  seriesName,
} from "./model";

type Answer = components["schemas"]["AlarmPreviewView"];
const CHART_PX = 260;
const MOST_CHANGES = 20;

interface Props {
  /** What is asked about: the draft, once nobody types. */
  draft: Draft;
  /** The draft as it is now, for what is moved in the chart. */
  spec: AlarmSpec;
  ready: boolean;
  onThreshold: (spec: AlarmSpec) => void;
}

/** What the definition would have done over the time range that is shown. */
export function Preview({ draft, spec, ready, onThreshold }: Props) {
  const { query: range, label } = useTimeRange();
  const body = { spec: draft.spec, ...range };
  const query = useAsk<Answer>(
    ["/api/v1/alarm-preview", body],
    (signal) => unwrap(client.POST("/api/v1/alarm-preview", { body, signal })),
    { enabled: ready },
  );
  const shape = useCallback((answer: Answer) => alignedOf(answer.chart), []);
  const compared = spec.condition?.threshold;
  const overlays = useMemo(() => overlaysOf(spec, query.data?.chart, ""), [spec, query.data]);
  if (!ready) {
    return (
      <Panel title="Preview">
        <Empty title="Say what it watches">
          Then you see here how often it would have fired over the time range.
        </Empty>
      </Panel>
    );
  }
  const move = (threshold: number) =>
    onThreshold({
      ...spec,
      condition: { threshold: { ...(compared ?? { comparison: ">" }), threshold, recovery: null } },
    });
  return (
    <TimePanel
      title="Preview"
      description={`What it would have done over ${label}, by the rules that evaluate it`}
      query={query}
      shape={shape}
      height={CHART_PX}
      overlays={overlays}
      threshold={
        compared
          ? { value: compared.threshold, label: "Threshold", unit: "", onMove: move }
          : undefined
      }
      legend={false}
      empty={
        <Empty title="No data point in this time range">
          It can be saved all the same: it watches from when data come. Or widen the range.
        </Empty>
      }
      note={(answer) => <Outcome answer={answer} range={label} />}
    />
  );
}

function Outcome({ answer, range }: { answer: Answer; range: string }) {
  const { format } = useTimeRange();
  const times = answer.fired === 1 ? "once" : `${answer.fired} times`;
  const span = answer.segments.reduce((sum, one) => sum + lengthOf(one), 0);
  return (
    <div className={classes.pad}>
      <Text role="status" className={classes.said}>
        {answer.fired ? `Would have fired ${times}` : "Would not have fired"}
        <Text component="span" size="sm" c="dimmed" fw={400}>
          {" "}
          over {range}: {answer.summary}
          {answer.notices > 0 && `; ${answer.notices} messages`}
        </Text>
      </Text>
      <div className={classes.ribbon} role="img" aria-label={ribbonText(answer)}>
        {answer.segments.map((one) => (
          <span
            key={one.start}
            data-state={one.state}
            style={{ width: `${(lengthOf(one) / span) * 100}%` }}
            title={`${STATE_NAMES[one.state]}: ${format(Date.parse(one.start))} to ${format(Date.parse(one.end))}`}
          />
        ))}
      </div>
      {answer.chart.left_out > 0 && (
        <Partial>{answer.chart.left_out} more series are not drawn; they are evaluated.</Partial>
      )}
      {answer.chart.warnings.map((warning) => (
        <Partial key={warning}>{warning}</Partial>
      ))}
      {answer.transitions.length > 0 && (
        <Listing minWidth={480} dimHead columns={["When", "Series", "Change", "Why"]}>
          {answer.transitions
            .slice(-MOST_CHANGES)
            .reverse()
            .map((one) => (
              <Table.Tr key={`${one.time} ${labelText(one.labels)}`}>
                <Table.Td>{format(Date.parse(one.time))}</Table.Td>
                <Table.Td className={classes.series}>{seriesName(one.labels)}</Table.Td>
                <Table.Td>
                  {STATE_NAMES[one.previous]} → {STATE_NAMES[one.state]}
                </Table.Td>
                <Table.Td>{one.reason}</Table.Td>
              </Table.Tr>
            ))}
        </Listing>
      )}
      {answer.transitions.length > MOST_CHANGES && (
        <Partial>The newest {MOST_CHANGES} changes are listed.</Partial>
      )}
    </div>
  );
}

const lengthOf = (one: Answer["segments"][number]): number =>
  Date.parse(one.end) - Date.parse(one.start);

function ribbonText(answer: Answer): string {
  const counts = answer.segments.map((one) => STATE_NAMES[one.state]);
  return `States over the range, oldest first: ${counts.slice(0, 40).join(", ")}`;
}
