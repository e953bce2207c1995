import { Select } from "@mantine/core";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatNumber } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import type { TabProps } from "./DatasetPage";
import { DAY, segmentList } from "./data";
import classes from "./datasets.module.css";
import { Overlay } from "./Overlay";
import { State } from "./State";
import { type DriftView, useDrift } from "./useDrift";

type Column = components["schemas"]["ColumnProfileAnswer"];

/** What the windows are compared with: a frozen baseline's name, or a range before. */
export const BEFORE = "";

export function BaselineSelect({
  dataset,
  state: [url, setUrl],
}: Pick<TabProps, "dataset" | "state">) {
  const baselines = useGet("/api/v1/datasets/{dataset}/baselines", {
    params: { path: { dataset } },
  });
  return (
    <Select
      label="Compared with"
      size="xs"
      w={240}
      value={url.baseline || BEFORE}
      onChange={(value) => setUrl({ baseline: value ?? BEFORE })}
      allowDeselect={false}
      data={[
        { value: BEFORE, label: "what was before" },
        ...(baselines.data?.baselines ?? []).map((one) => ({ value: one.name, label: one.name })),
      ]}
    />
  );
}

/** The range before another, of its length or of two weeks where that is longer. */
export function rangeBefore(start: number, end: number) {
  const length = Math.max(end - start, 14 * DAY * 1000);
  return {
    start: new Date(start - length).toISOString(),
    end: new Date(start).toISOString(),
    segment: {},
  };
}

interface NowProps extends TabProps {
  column: Column;
  /** Beginnings of the range's periods in which the column has a profile, oldest first. */
  periods: readonly string[];
}

/** The column's distribution in the newest period that has data beside what it is compared with. */
export function ColumnNow({ column, periods, ...props }: NowProps) {
  const { dataset, period, segment, state } = props;
  const [url] = state;
  const newest = Date.parse(periods.at(-1) ?? "");
  const before = rangeBefore(newest, newest);
  const isBefore = (start: string) =>
    Date.parse(start) < newest && Date.parse(start) >= Date.parse(before.start);
  const inRange = periods.some(isBefore);
  // To compare with what nobody profiled is an error: first a look at what there is.
  const earlier = useGet(
    "/api/v1/datasets/{dataset}/series",
    {
      params: {
        path: { dataset },
        query: {
          start: before.start,
          end: before.end,
          period: (14 * DAY) / 2,
          column: [column.name],
          segment: segmentList(segment),
        },
      },
    },
    { enabled: !url.baseline && !inRange, keepPrevious: false },
  );
  const comparable = Boolean(url.baseline || inRange || earlier.data?.windows.length);
  const body = {
    current: {
      start: new Date(newest).toISOString(),
      end: new Date(newest + period * 1000).toISOString(),
      segment,
    },
    reference: url.baseline
      ? { baseline: url.baseline, segment, start: "-1d", end: "now" }
      : { ...before, segment },
    only: [column.name],
    distributions: true,
  };
  const drift = useDrift(dataset, body, { enabled: comparable });
  return (
    <Panel title={`${column.name}, newest window`} aside={<BaselineSelect {...props} />}>
      <div className={classes.pad}>
        {earlier.data && !comparable ? (
          <Empty title="Nothing in the two weeks before it to compare with: choose a baseline" />
        ) : (
          <QueryState
            query={comparable ? drift : { ...drift, error: earlier.error }}
            isEmpty={(data) => !data.columns[0]}
            empty={<Empty title="Nothing to compare" />}
            height={210}
          >
            {(data) => <Compared column={column} found={data.columns[0]} />}
          </QueryState>
        )}
      </div>
    </Panel>
  );
}

function Compared({ column, found }: { column: Column; found?: DriftView["columns"][number] }) {
  if (!found) return null;
  return (
    <>
      <State status={found.status} />
      <span className="dimmed"> {found.why}</span>
      {found.distribution ? (
        <Overlay label={`Distribution of ${column.name}`} data={found.distribution} />
      ) : (
        <Numbers column={column} />
      )}
    </>
  );
}

/** Where values differ from row to row, their lengths tell most. */
function Numbers({ column }: { column: Column }) {
  const words = (column.top_words ?? []).slice(0, 12);
  return (
    <Facts className={classes.numbers}>
      <Fact name="shortest">{formatNumber(column.length_minimum)}</Fact>
      <Fact name="longest">{formatNumber(column.length_maximum)}</Fact>
      {words.length > 0 && (
        <Fact name="frequent words">{words.map((one) => one.word).join(", ")}</Fact>
      )}
    </Facts>
  );
}
