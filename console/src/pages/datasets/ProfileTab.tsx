import { Button, SimpleGrid, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import type { Aligned } from "@/charts/aligned";
import { TimePanel } from "@/charts/TimePanel";
import { formatCount, formatPercent } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { ColumnNow } from "./ColumnNow";
import type { TabProps } from "./DatasetPage";
import { periodText, segmentList, valueText } from "./data";
import classes from "./datasets.module.css";

type Column = components["schemas"]["ColumnProfileAnswer"];
type Series = components["schemas"]["ProfileSeriesView"];

const SHOWN_COLUMNS = 300;

/** Columns merged over the range, some hundred at a time; one of them over time, and now beside its baseline. */
export function ProfileTab(props: TabProps) {
  const { dataset, segment, state } = props;
  const [url, setUrl] = state;
  const { query, format } = useTimeRange();
  const [search] = useDebouncedValue(url.find, 250);
  const params = { path: { dataset } };
  const merged = { ...query, segment: segmentList(segment) };
  const profile = useGet("/api/v1/datasets/{dataset}/profile", {
    params: { ...params, query: { ...merged, search, limit: SHOWN_COLUMNS } },
  });
  const listed = profile.data?.columns.find((one) => one.name === url.column);
  const other = useGet(
    "/api/v1/datasets/{dataset}/profile",
    { params: { ...params, query: { ...merged, column: [url.column] } } },
    // A column that an address names may not be among those that are listed.
    { enabled: url.column !== "" && profile.data !== undefined && !listed, keepPrevious: false },
  );
  return (
    <QueryState query={profile} height={300}>
      {(data) => {
        const columns = data.columns;
        const chosen = listed ?? other.data?.columns[0] ?? columns[0];
        return (
          <div className={classes.split}>
            <Panel
              title="Columns, merged over the range"
              aside={
                <TextInput
                  size="xs"
                  aria-label="Search columns"
                  placeholder="Search columns"
                  value={url.find}
                  onChange={(event) =>
                    setUrl({ find: event.currentTarget.value }, { replace: true })
                  }
                />
              }
            >
              {columns.length === 0 && (
                <p className={classes.pad}>No column in this range is called that.</p>
              )}
              <Listing
                minWidth={640}
                maxHeight={720}
                highlightOnHover
                columns={["Column", "Missing", "Distinct", "Least", "Mean", "Most", "Distribution"]}
              >
                {columns.map((one) => (
                  <Table.Tr
                    key={one.name}
                    className={classes.row}
                    data-chosen={one === chosen || undefined}
                  >
                    <Table.Td>
                      <Button
                        variant="subtle"
                        size="compact-xs"
                        aria-pressed={one === chosen}
                        onClick={() => setUrl({ column: one.name })}
                      >
                        {one.name}
                      </Button>
                      <div className="dimmed">
                        {one.kind} {one.type}
                      </div>
                    </Table.Td>
                    <Table.Td className={one.missing ? classes.warn : undefined}>
                      {one.completeness == null ? "–" : formatPercent(1 - one.completeness)}
                    </Table.Td>
                    <Table.Td>
                      {one.distinct_exact ? "" : "≈ "}
                      {formatCount(one.distinct)}
                    </Table.Td>
                    <Table.Td>{valueText(one.minimum, one.kind, format)}</Table.Td>
                    <Table.Td>{valueText(one.mean, one.kind, format)}</Table.Td>
                    <Table.Td>{valueText(one.maximum, one.kind, format)}</Table.Td>
                    <Table.Td>
                      <Bars column={one} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Listing>
              {columns.length < data.total && (
                <p className={classes.pad}>
                  {columns.length} of {formatCount(data.total)} columns: search for others.
                </p>
              )}
            </Panel>
            {chosen && <OneColumn key={chosen.name} {...props} column={chosen} />}
          </div>
        );
      }}
    </QueryState>
  );
}

/** A small picture of a distribution; its numbers are beside it. */
function Bars({ column }: { column: Column }) {
  const counts =
    column.histogram?.counts ?? (column.top_values ?? []).slice(0, 12).map((one) => one.count);
  const top = Math.max(0, ...counts);
  if (!top) return null;
  const width = 110 / counts.length;
  return (
    <svg className={classes.bars} width={110} height={26} aria-hidden="true">
      {counts.map((count, at) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: bars have no other identity
          key={at}
          x={at * width}
          y={26 - (count / top) * 26}
          width={Math.max(1, width - 1)}
          height={(count / top) * 26}
          fill="var(--v-series-0)"
        />
      ))}
    </svg>
  );
}

const SHOWN = [
  ["mean", "Mean"],
  ["std", "Standard deviation"],
  ["minimum", "Least"],
  ["maximum", "Most"],
] as const;

function OneColumn({ column, ...props }: TabProps & { column: Column }) {
  const { dataset, period, segment } = props;
  const { query } = useTimeRange();
  const series = useGet("/api/v1/datasets/{dataset}/series", {
    params: {
      path: { dataset },
      query: { ...query, period, column: [column.name], segment: segmentList(segment) },
    },
  });
  const shapes = useMemo(
    () => ({
      missing: (answer: Series) =>
        over(answer, [["missing", (one) => (one.rows ? one.missing / one.rows : null)]]),
      numbers: (answer: Series) =>
        over(
          answer,
          SHOWN.map(([name, label]) => [label, (one) => one[name] ?? null]),
        ),
      quantiles: (answer: Series) =>
        over(
          answer,
          ["0.05", "0.25", "0.5", "0.75", "0.95"].map((level) => [
            `${Number(level) * 100} %`,
            (one) => one.quantiles?.[level] ?? null,
          ]),
        ),
      volume: (answer: Series) => over(answer, [["rows", (one) => one.rows]]),
      distinct: (answer: Series) => over(answer, [["distinct", (one) => one.distinct]]),
      values: topValues,
    }),
    [],
  );
  const every = `each ${periodText(period)}`;
  return (
    <div>
      {series.data && series.data.windows.length > 0 && (
        <ColumnNow
          {...props}
          column={column}
          periods={series.data.windows.map((window) => window.start)}
        />
      )}
      <SimpleGrid cols={1} spacing={10} mt={10}>
        <TimePanel
          title={`Missing in ${column.name}, ${every}`}
          query={series}
          shape={shapes.missing}
          unit="share"
          min={0}
          height={130}
        />
        {column.kind === "numeric" ? (
          <>
            <TimePanel
              title={`Quantiles of ${column.name}`}
              query={series}
              shape={shapes.quantiles}
              height={170}
            />
            <TimePanel
              title={`Mean, deviation and extremes of ${column.name}`}
              query={series}
              shape={shapes.numbers}
              height={170}
            />
          </>
        ) : (
          <TimePanel
            title={`Most frequent values of ${column.name}`}
            query={series}
            shape={shapes.values}
            unit="share"
            min={0}
            height={170}
            empty={<Empty title="No value is frequent enough to be kept" />}
          />
        )}
        <TimePanel
          title={`Distinct values of ${column.name}`}
          query={series}
          shape={shapes.distinct}
          min={0}
          height={120}
        />
        <TimePanel
          title={`Rows, ${every}`}
          query={series}
          shape={shapes.volume}
          kind="bars"
          min={0}
          height={120}
        />
      </SimpleGrid>
    </div>
  );
}

type Read = readonly [string, (one: Column) => number | null];

function over(answer: Series, reads: readonly Read[]): Aligned {
  return {
    times: answer.windows.map((window) => Date.parse(window.start) / 1000),
    series: reads.map(([label, read]) => ({
      key: label,
      label,
      values: answer.windows.map((window) => (window.columns[0] ? read(window.columns[0]) : null)),
    })),
  };
}

/** Shares of the values that were most frequent over all windows. */
export function topValues(answer: Series): Aligned {
  const totals = new Map<string, number>();
  for (const { columns } of answer.windows)
    for (const one of columns[0]?.top_values ?? [])
      totals.set(String(one.value), (totals.get(String(one.value)) ?? 0) + one.count);
  const names = [...totals].sort((a, b) => b[1] - a[1]).slice(0, 8);
  return over(
    answer,
    names.map(([name]) => [
      name,
      (one) => {
        const found = (one.top_values ?? []).find((value) => String(value.value) === name);
        const present = one.rows - one.missing;
        return present > 0 ? (found?.count ?? 0) / present : null;
      },
    ]),
  );
}
