import { Select } from "@mantine/core";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatNumber } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import type { TabProps } from "./DatasetPage";
import { DAY } from "./data";
import classes from "./datasets.module.css";
import { Overlay } from "./Overlay";
import { State } from "./State";
import { useDrift } from "./useDrift";

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

/** The column's distribution in the newest part of the range beside what it is compared with. */
export function ColumnNow({ column, ...props }: TabProps & { column: Column }) {
  const { dataset, period, segment, state } = props;
  const [url] = state;
  const { end, start } = useTimeRange();
  const from = Math.max(
    start,
    Math.floor((end - 1) / (period * 1000)) * period * 1000 - period * 1000,
  );
  const body = {
    current: { start: new Date(from).toISOString(), end: new Date(end).toISOString(), segment },
    reference: url.baseline
      ? { baseline: url.baseline, segment, start: "-1d", end: "now" }
      : { ...rangeBefore(from, from), segment },
    only: [column.name],
    distributions: true,
  };
  const drift = useDrift(dataset, body);
  return (
    <Panel title={`${column.name}, newest windows`} aside={<BaselineSelect {...props} />}>
      <div className={classes.pad}>
        <QueryState
          query={drift}
          isEmpty={(data) => !data.columns[0]}
          empty={<Empty title="Nothing to compare" />}
          height={210}
        >
          {(data) => {
            const one = data.columns[0];
            if (!one) return null;
            return (
              <>
                <State status={one.status} />
                <span className="dimmed"> {one.why}</span>
                {one.distribution ? (
                  <Overlay label={`Distribution of ${column.name}`} data={one.distribution} />
                ) : (
                  <Numbers column={column} />
                )}
              </>
            );
          }}
        </QueryState>
      </div>
    </Panel>
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
