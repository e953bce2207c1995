import { useCallback, useMemo } from "react";
import { useGet } from "@/api/query";
import type { Annotation } from "@/charts/overlays";
import { TimePanel } from "@/charts/TimePanel";
import { Empty, Partial } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import {
  type Alarm,
  alignedOf,
  type Chart,
  type Event,
  labelText,
  MOST_LINES,
  overlaysOf,
  STATE_NAMES,
  type State,
} from "./model";

const CHART_PX = 280;
const MOST_MARKS = 30;

interface Props {
  alarm: Alarm;
  /** The series that is looked at alone; empty for all. */
  series: string;
  events: readonly Event[];
  onSeries: (series: string) => void;
}

/** What the alarm watches, with its threshold or band and its changes of state. */
export function AlarmChart({ alarm, series, events, onSeries }: Props) {
  const { query: range } = useTimeRange();
  const query = useGet("/api/v1/alarms/{alarm}/chart", {
    params: { path: { alarm: alarm.id }, query: range },
  });
  const chart = query.data;
  const shape = useCallback((answer: Chart) => alignedOf(chosen(answer, series)), [series]);
  const overlays = useMemo(
    () => overlaysOf(alarm.spec, chart, series, marksOf(events, series)),
    [alarm.spec, chart, series, events],
  );
  return (
    <TimePanel
      title={series ? `${alarm.name}: ${series}` : alarm.name}
      description="The series in the alarm's own periods; dashed lines are its changes of state"
      query={query}
      shape={shape}
      height={CHART_PX}
      overlays={overlays}
      legend={["last", "min", "max"]}
      onPick={(_, key) => key && key !== "value" && onSeries(key === series ? "" : key)}
      pickHint="Click to look at this series alone"
      empty={
        <Empty title="No data point in this time range">
          The alarm watches on: a metric that does not exist yet is allowed.
        </Empty>
      }
      note={(answer) => (
        <>
          {answer.series.length > MOST_LINES && !series && (
            <Partial>
              The first {MOST_LINES} of {answer.series.length + answer.left_out} series are drawn.
            </Partial>
          )}
          {answer.warnings.map((warning) => (
            <Partial key={warning}>{warning}</Partial>
          ))}
        </>
      )}
    />
  );
}

function chosen(chart: Chart, series: string): Chart {
  if (!series) return chart;
  const found = chart.series.filter((one) => labelText(one.labels) === series);
  return found.length ? { ...chart, series: found } : chart;
}

function marksOf(events: readonly Event[], series: string): Annotation[] {
  const scope = series ? "series" : "alarm";
  return events
    .filter(
      (one) => one.scope === scope && one.state && (!series || labelText(one.labels) === series),
    )
    .slice(0, MOST_MARKS)
    .map((one) => ({
      time: Date.parse(one.time) / 1000,
      label: STATE_NAMES[one.state as State] ?? one.state,
    }));
}
