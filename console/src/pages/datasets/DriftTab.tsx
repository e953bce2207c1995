import { Select, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { client, unwrap } from "@/api/client";
import { useAsk } from "@/api/query";
import type { components } from "@/api/schema";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { BaselineSelect } from "./ColumnNow";
import type { TabProps } from "./DatasetPage";
import { DriftCell } from "./DriftCell";
import { periodText } from "./data";
import classes from "./datasets.module.css";
import { Heatmap } from "./Heatmap";

type Series = components["schemas"]["DriftSeriesView"];
const PRESETS = ["vedette", "evidently", "sagemaker", "nannyml"] as const;

/** Every column in every window against the baseline; a cell opens what is behind it. */
export function DriftTab(props: TabProps) {
  const { dataset, period, segment, state } = props;
  const [url, setUrl] = state;
  const { query } = useTimeRange();
  const body = {
    ...query,
    period,
    segment,
    preset: url.preset,
    reference: url.baseline ? { baseline: url.baseline, segment, start: "-1d", end: "now" } : null,
  };
  const series = useAsk<Series>(["/api/v1/datasets/drift/series", dataset, body], (signal) =>
    unwrap(
      client.POST("/api/v1/datasets/{dataset}/drift/series", {
        params: { path: { dataset } },
        body: body as never,
        signal,
      }),
    ),
  );
  const shown = useMemo(() => narrowed(series.data, url.find), [series.data, url.find]);
  return (
    <>
      <div className={classes.tools} style={{ padding: "0 0 10px" }}>
        <BaselineSelect {...props} />
        <Select
          label="Decided as"
          size="xs"
          w={150}
          data={[...PRESETS]}
          value={url.preset}
          allowDeselect={false}
          onChange={(preset) => setUrl({ preset: (preset ?? "vedette") as "vedette" })}
        />
        <TextInput
          label="Columns"
          size="xs"
          placeholder="Search columns"
          value={url.find}
          onChange={(event) => setUrl({ find: event.currentTarget.value }, { replace: true })}
        />
      </div>
      <div className={url.window ? classes.split : undefined}>
        <Panel
          title={`Drift by column, windows of ${periodText(period)}`}
          aside={
            <span className="dimmed">
              {url.baseline ? `against ${url.baseline}` : "each against the window before it"}
            </span>
          }
        >
          <div className={classes.pad}>
            <QueryState
              query={series}
              isEmpty={(data) => data.columns.length === 0}
              empty={
                <Empty title="There are no two windows to compare">
                  Widen the range, or choose a frozen baseline.
                </Empty>
              }
              height={260}
            >
              {() =>
                shown && (
                  <Heatmap
                    data={shown}
                    chosen={{ column: url.column, window: url.window }}
                    onChoose={(column, window) => setUrl({ column, window })}
                  />
                )
              }
            </QueryState>
          </div>
        </Panel>
        {url.window && url.column && <DriftCell {...props} windows={series.data?.windows ?? []} />}
      </div>
    </>
  );
}

function narrowed(data: Series | undefined, find: string): Series | undefined {
  const wanted = find.toLowerCase();
  return (
    data && {
      ...data,
      columns: data.columns.filter((one) => one.name.toLowerCase().includes(wanted)),
    }
  );
}
