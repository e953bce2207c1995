import { Table, Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { ApiError } from "@/api/errors";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import type { Batch } from "@/charts/metricQuery";
import type { Overlays } from "@/charts/overlays";
import { TimePanel } from "@/charts/TimePanel";
import { formatCount, formatValue, unitLabel } from "@/charts/units";
import { CreateAlarm } from "@/components/CreateAlarm";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { useOpenTrace } from "../traces/useOpenTrace";
import classes from "./metrics.module.css";
import { alarmSource, type Plan, type Query, selectorOf, unitOf } from "./plan";
import { type Panel, panelsOf } from "./shape";
import { useBand } from "./useBand";

type ExemplarAnswer = components["schemas"]["ExemplarView"];
const CHART_PX = 300;
const EXEMPLARS = 100;

interface Props {
  plan: Plan;
  answer: UseQueryResult<Batch, ApiError>;
  kind: "line" | "area" | "stack" | "bars";
  log: boolean;
  exemplars: boolean;
  /** Whether to draw what is usual for the first series. */
  band: boolean;
}

/** The charts of the queries, one a unit, and the exemplars below. */
export function Panels({ plan, answer, kind, log, exemplars, band }: Props) {
  const panels = useMemo(
    () => (answer.data ? panelsOf(plan, answer.data) : []),
    [plan, answer.data],
  );
  const wanted = plan.queries.find((one) => !one.hidden);
  if (!answer.data || answer.error) {
    return (
      <QueryState query={answer} height={CHART_PX}>
        {() => null}
      </QueryState>
    );
  }
  if (panels.length === 0) return <Empty title="Every query is hidden" />;
  return (
    <div className={classes.panels}>
      {panels.map((panel) => (
        <OnePanel
          key={panel.unit}
          plan={plan}
          panel={panel}
          answer={answer}
          kind={kind}
          log={log}
          bandOf={band && wanted && panel.ids.includes(wanted.id) ? wanted.id : undefined}
          exemplarsOf={exemplars && wanted && panel.ids.includes(wanted.id) ? wanted : undefined}
        />
      ))}
    </div>
  );
}

interface OneProps {
  plan: Plan;
  panel: Panel;
  answer: UseQueryResult<Batch, ApiError>;
  kind: Props["kind"];
  log: boolean;
  exemplarsOf?: Query;
  bandOf?: string;
}

function OnePanel({ plan, panel, answer, kind, log, exemplarsOf, bandOf }: OneProps) {
  const { query: range } = useTimeRange();
  const open = useOpenTrace();
  const shape = useCallback(() => panel.data, [panel]);
  const found = useGet(
    "/api/v1/metrics/exemplars",
    {
      params: {
        query: { ...range, name: exemplarsOf ? selectorOf(exemplarsOf) : "-", limit: EXEMPLARS },
      },
    },
    { enabled: exemplarsOf !== undefined },
  );
  const exemplars = exemplarsOf ? found.data?.exemplars : undefined;
  const band = useBand(plan, bandOf, answer.data);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the band is made anew, what it is of changes
  const overlays = useMemo<Overlays>(
    () => ({
      ...band.overlays,
      exemplars: exemplars?.flatMap((one) =>
        one.value === null
          ? []
          : {
              time: Date.parse(one.time) / 1000,
              value: one.value,
              label: `trace ${one.trace_id}`,
              onOpen: () => open(one.trace_id, one.span_id),
            },
      ),
    }),
    [exemplars, open, band.of, band.breaching, answer.data],
  );
  const title = panel.ids.map((id) => nameOf(plan, id)).join(", ");
  return (
    <>
      <TimePanel
        title={title}
        unit={panel.unit}
        query={answer}
        shape={shape}
        kind={kind}
        log={log}
        height={CHART_PX}
        overlays={overlays}
        menu={panel.ids.map((id) => (
          <CreateAlarm
            key={id}
            label={panel.ids.length > 1 ? `Create an alarm on ${id}` : undefined}
            source={alarmSource(plan, id)}
          />
        ))}
        legend={["mean", "min", "max", "last"]}
        empty={
          <Empty title="No value in this time range">
            The metric has no point here that matches. Widen the range, or take a condition away.
          </Empty>
        }
        note={() => (
          <>
            {band.of && (
              <Text size="xs" c="dimmed" role="status">
                The shade is what is usual for {band.of};{" "}
                {band.breaching
                  ? `${formatCount(band.breaching)} periods lie far outside`
                  : "no period lies far outside"}
              </Text>
            )}
            {band.error instanceof ApiError && (
              <Partial>What is usual cannot be told: {band.error.message}</Partial>
            )}
            {panel.hidden > 0 && (
              <Partial>
                {formatCount(panel.hidden)} more series are not shown: raise "top", or add a
                condition.
              </Partial>
            )}
            {panel.warnings.map((warning) => (
              <Partial key={warning}>{warning}</Partial>
            ))}
          </>
        )}
      />
      {exemplarsOf && (
        <Exemplars
          query={found}
          unit={unitOf(plan, exemplarsOf.id, panel.unit)}
          metric={exemplarsOf.metric}
        />
      )}
    </>
  );
}

function nameOf(plan: Plan, id: string): string {
  const query = plan.queries.find((one) => one.id === id);
  if (query) return `${query.statistic} of ${query.metric}`;
  return plan.formulas.find((one) => one.id === id)?.expression ?? id;
}

interface ExemplarsProps {
  query: UseQueryResult<components["schemas"]["ExemplarsView"], ApiError>;
  unit: string;
  metric: string;
}

const LISTED = 10;

/** The exemplars as a list: what the diamonds in the chart are, the largest first. */
function Exemplars({ query, unit, metric }: ExemplarsProps) {
  const { format } = useTimeRange();
  return (
    <div className="panel" role="group" aria-label={`Exemplars of ${metric}`}>
      <Text fw={600} size="sm" p={8}>
        Exemplars of {metric} {unitLabel(unit) && <small>{unitLabel(unit)}</small>}
      </Text>
      <QueryState
        query={query}
        isEmpty={(data) => data.exemplars.length === 0}
        empty={
          <Empty title="No exemplar in this time range">
            SDKs add them to measurements that are made within a sampled span; histograms have them
            most often.
          </Empty>
        }
      >
        {(data) => (
          <Listing>
            {largest(data.exemplars).map((one) => (
              <Table.Tr key={`${one.trace_id} ${one.span_id} ${one.time}`}>
                <Table.Td className="mono">{format(Date.parse(one.time), "millisecond")}</Table.Td>
                <Table.Td>◇ {formatValue(one.value, unit)}</Table.Td>
                <Table.Td>
                  <PageLink
                    to="/traces/$traceId"
                    params={{ traceId: one.trace_id }}
                    search={{ span: one.span_id }}
                  >
                    Trace {one.trace_id.slice(0, 8)}
                  </PageLink>
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </div>
  );
}

function largest(exemplars: readonly ExemplarAnswer[]): ExemplarAnswer[] {
  return [...exemplars].sort((a, b) => (b.value ?? 0) - (a.value ?? 0)).slice(0, LISTED);
}
