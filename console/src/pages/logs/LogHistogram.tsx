import type { components } from "@/api/schema";
import type { Aligned } from "@/charts/aligned";
import { TimePanel } from "@/charts/TimePanel";
import { formatCount } from "@/charts/units";
import { CreateAlarm } from "@/components/CreateAlarm";
import { LEVELS, levelColor } from "@/theme/colors";
import type { HistogramQuery } from "./histogram";
import classes from "./LogHistogram.module.css";

/** Records over time by level, the gravest at the bottom, where it is seen first. */
export function LogHistogram({ query, q }: { query: HistogramQuery; q: string }) {
  const total = query.data ? totalOf(query.data) : undefined;
  // What is wrong with a search is said at its box, not twice.
  if (query.error && query.error.position !== null) return null;
  return (
    <div className={classes.histogram}>
      <TimePanel
        title={total === undefined ? "Records" : `${formatCount(total)} records`}
        query={query}
        shape={seriesOf}
        kind="bars"
        menu={<CreateAlarm source={{ type: "logs", query: q, statistic: "count" }} />}
        height={92}
        legend={false}
        plain
      />
    </div>
  );
}

type Counts = components["schemas"]["LogHistogram"];

function seriesOf(answer: Counts): Aligned {
  return {
    times: answer.times,
    series: LEVELS.filter((level) => answer.series[level]).map((level) => ({
      key: level,
      label: level,
      color: levelColor(level),
      values: answer.series[level] ?? [],
    })),
  };
}

function totalOf(answer: Counts): number {
  return Object.values(answer.series)
    .flat()
    .reduce((sum, count) => sum + count, 0);
}
