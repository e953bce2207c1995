import { Button, Select, Tabs } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { download } from "@/api/download";
import { useGet } from "@/api/query";
import { formatCount, formatCounted } from "@/charts/units";
import { notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { integer, oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { ChecksTab } from "./ChecksTab";
import { DriftTab } from "./DriftTab";
import { longestWindow, periodFor } from "./data";
import classes from "./datasets.module.css";
import { ProfileTab } from "./ProfileTab";
import { BaselinesTab, SchemaTab } from "./SchemaTab";

const TABS = ["profile", "drift", "checks", "schema", "baselines"] as const;
export const PARAMS = {
  tab: oneOf(TABS, "profile"),
  column: text(),
  baseline: text(),
  segment: text(),
  preset: oneOf(["vedette", "evidently", "sagemaker", "nannyml"], "vedette"),
  window: text(),
  version: integer(0, 0, 1_000_000),
  find: text(),
};
export type DatasetState = ReturnType<typeof useUrlState<typeof PARAMS>>;

/** What each tab is given: the dataset, the chosen segment, the length of its windows. */
export interface TabProps {
  dataset: string;
  state: DatasetState;
  segment: Record<string, string>;
  /** Seconds. */
  period: number;
}

/** A dataset: its profile over time, its drift, its checks, its schema, its baselines. */
export default function DatasetPage() {
  const { dataset } = useParams({ strict: false }) as { dataset: string };
  const state = useUrlState(PARAMS);
  const [url, setUrl] = state;
  const time = useTimeRange();
  const windows = useGet("/api/v1/datasets/{dataset}/windows", {
    params: { path: { dataset }, query: { ...time.query, limit: 100 } },
  });
  const segment = useMemo(() => segmentOf(url.segment), [url.segment]);
  return (
    <>
      <PageHeader
        title={dataset}
        aside={
          windows.data && `${formatCounted(windows.data.windows.length, "window")} in the range`
        }
        actions={
          <Button
            variant="default"
            leftSection={<IconDownload size={14} />}
            onClick={() =>
              void download(
                `/api/v1/datasets/${encodeURIComponent(dataset)}/profile/report`,
                {
                  ...time.query,
                  segment: Object.entries(segment).map(([name, value]) => `${name}=${value}`),
                },
                `profile of ${dataset}.html`,
              ).catch((error) => notifyError("There is no report", error))
            }
          >
            Report
          </Button>
        }
      />
      <QueryState
        query={windows}
        isEmpty={(data) => data.windows.length === 0}
        empty={
          <Empty
            title="No profile of this dataset begins in this time range"
            snippet={`vedette profile data.parquet --dataset ${dataset}`}
          >
            <Button variant="default" onClick={() => time.set("-90d")} mb="xs">
              Show the last 90 days
            </Button>
          </Empty>
        }
        height={300}
      >
        {(data) => {
          const range = (time.end - time.start) / 1000;
          const props: TabProps = {
            dataset,
            state,
            segment,
            period: periodFor(range, longestWindow(data.windows)),
          };
          return (
            <>
              <div className={classes.tools}>
                <Segments windows={data.windows} state={state} />
                <Pivot to="/monitors" search={{ dataset }}>
                  Monitors
                </Pivot>
                <span className="dimmed">
                  newest window: {formatCount(data.windows[0]?.rows ?? 0)} rows,{" "}
                  {data.windows[0]?.columns} columns
                </span>
              </div>
              <Tabs
                value={url.tab}
                onChange={(tab) => setUrl({ tab: (tab ?? "profile") as (typeof TABS)[number] })}
                keepMounted={false}
              >
                <Tabs.List px={14}>
                  <Tabs.Tab value="profile">Profile</Tabs.Tab>
                  <Tabs.Tab value="drift">Drift</Tabs.Tab>
                  <Tabs.Tab value="checks">Checks</Tabs.Tab>
                  <Tabs.Tab value="schema">Schema</Tabs.Tab>
                  <Tabs.Tab value="baselines">Baselines</Tabs.Tab>
                </Tabs.List>
                <Tabs.Panel value="profile" className={classes.body}>
                  <ProfileTab {...props} />
                </Tabs.Panel>
                <Tabs.Panel value="drift" className={classes.body}>
                  <DriftTab {...props} />
                </Tabs.Panel>
                <Tabs.Panel value="checks" className={classes.body}>
                  <ChecksTab {...props} />
                </Tabs.Panel>
                <Tabs.Panel value="schema" className={classes.body}>
                  <SchemaTab {...props} />
                </Tabs.Panel>
                <Tabs.Panel value="baselines" className={classes.body}>
                  <BaselinesTab {...props} />
                </Tabs.Panel>
              </Tabs>
            </>
          );
        }}
      </QueryState>
    </>
  );
}

interface SegmentsProps {
  windows: readonly { segments: Record<string, string>[] }[];
  state: DatasetState;
}

function Segments({ windows, state: [url, setUrl] }: SegmentsProps) {
  const found = new Set<string>();
  for (const { segments } of windows) {
    for (const one of segments) {
      const entries = Object.entries(one);
      if (entries.length) found.add(JSON.stringify(Object.fromEntries(entries)));
    }
  }
  if (!found.size) return null;
  const data = [...found].slice(0, 500).map((value) => ({ value, label: segmentText(value) }));
  return (
    <Select
      aria-label="Segment"
      placeholder="All rows"
      data={data}
      searchable
      clearable
      value={url.segment || null}
      onChange={(value) => setUrl({ segment: value ?? "" })}
      w={260}
    />
  );
}

function segmentOf(raw: string): Record<string, string> {
  try {
    const found: unknown = raw ? JSON.parse(raw) : {};
    return found && typeof found === "object" ? (found as Record<string, string>) : {};
  } catch {
    return {};
  }
}

export function segmentText(raw: string): string {
  return Object.entries(segmentOf(raw))
    .map(([name, value]) => `${name} = ${value || "(none)"}`)
    .join(", ");
}
