import { Button, Group, Select, Stack, Table } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useAsk, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatNumber } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { SegmentOf } from "@/components/SegmentOf";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import type { TabProps } from "./DatasetPage";
import { checksText } from "./data";
import classes from "./datasets.module.css";
import { RowTable } from "./RowTable";
import { State } from "./State";

const ChecksEditor = lazy(() => import("./ChecksEditor"));
type Ran = components["schemas"]["CheckRunView"];
type Said = components["schemas"]["MonitorResultsView"]["results"][number];

/** The dataset's checks: what they say of the range, their versions, what gates and monitors found. */
export function ChecksTab(props: TabProps) {
  const { dataset, state } = props;
  const [url, setUrl] = state;
  const { can } = useSession();
  const [editing, setEditing] = useState(false);
  const versions = useGet("/api/v1/datasets/{dataset}/checks/versions", {
    params: { path: { dataset } },
  });
  const all = versions.data?.versions ?? [];
  const chosen = all.find((one) => one.version === url.version) ?? all[0];
  return (
    <Stack gap="sm">
      <Panel
        title="Checks"
        aside={
          <Group gap={6}>
            {all.length > 0 && (
              <Select
                size="xs"
                w={260}
                aria-label="Version"
                allowDeselect={false}
                value={String(chosen?.version ?? "")}
                onChange={(value) => setUrl({ version: Number(value ?? 0) })}
                data={all.map((one) => ({
                  value: String(one.version),
                  label: `version ${one.version}${one.comment ? `: ${one.comment.slice(0, 40)}` : ""}`,
                }))}
              />
            )}
            {can("catalog:write") && !editing && (
              <Button variant="default" size="xs" onClick={() => setEditing(true)}>
                {all.length ? "Edit" : "Suggest and edit"}
              </Button>
            )}
          </Group>
        }
      >
        {editing ? (
          <Suspense>
            <ChecksEditor
              dataset={dataset}
              latest={all[0] ? checksText(all[0].checks) : ""}
              version={all[0]?.version ?? 0}
              period={props.period}
              onDone={() => {
                setEditing(false);
                setUrl({ version: 0 });
              }}
            />
          </Suspense>
        ) : (
          <QueryState
            query={versions}
            isEmpty={(data) => data.versions.length === 0}
            empty={
              <Empty
                title="This dataset has no checks"
                snippet={`vedette check checks.yaml --source data.parquet --dataset ${dataset}`}
              >
                “Suggest and edit” makes some from the profiles of the range. A gate in a pipeline
                can send its results, too:
              </Empty>
            }
          >
            {() => chosen && <Results {...props} checks={chosen.checks} />}
          </QueryState>
        )}
      </Panel>
      <Found {...props} />
    </Stack>
  );
}

function Results({ dataset, segment, checks }: TabProps & { checks: Record<string, unknown>[] }) {
  const { query } = useTimeRange();
  const body = { checks, current: { ...query, segment } };
  const ran = useAsk<Ran>(["/api/v1/datasets/checks/run", dataset, body], (signal) =>
    unwrap(
      client.POST("/api/v1/datasets/{dataset}/checks/run", {
        params: { path: { dataset } },
        body: body as never,
        signal,
      }),
    ),
  );
  return (
    <QueryState query={ran} height={160}>
      {(data) => (
        <>
          <p className={classes.pad} style={{ margin: 0 }}>
            Over the range: {data.violated} violated, {data.unknown} unknown, {data.passed} passed.{" "}
            <span className="dimmed">
              Checks of single rows run beside the data and are not among them.
            </span>
          </p>
          <Listing
            minWidth={720}
            maxHeight={420}
            columns={["Check", "Severity", "Status", "Found"]}
          >
            {data.results.map((one) => (
              <Table.Tr key={JSON.stringify(one.check)}>
                <Table.Td>{one.title}</Table.Td>
                <Table.Td>{one.severity}</Table.Td>
                <Table.Td>
                  <State status={one.status} />
                </Table.Td>
                <Table.Td>{one.description}</Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        </>
      )}
    </QueryState>
  );
}

/** What monitors and gates found in the range, with failing rows where they were sent. */
function Found({ dataset }: TabProps) {
  const { query } = useTimeRange();
  const found = useGet("/api/v1/datasets/{dataset}/results", {
    params: { path: { dataset }, query: { ...query, family: "check", limit: 300 } },
  });
  return (
    <Panel title="What monitors and gates found">
      <QueryState
        query={found}
        isEmpty={(data) => data.results.length === 0}
        empty={
          <Empty
            title="Nothing was checked in this range"
            snippet={`vedette.check(frame, "checks.yaml", dataset="${dataset}", keep_rows=True)`}
          >
            A monitor checks every window; a gate in a pipeline sends what it found:
          </Empty>
        }
      >
        {(data) => (
          <Listing
            minWidth={720}
            maxHeight={520}
            columns={["Window", "By", "Severity", "Status", "Found"]}
          >
            {data.results.map((one, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: one run may say the same twice
              <FoundRow key={at} one={one} />
            ))}
          </Listing>
        )}
      </QueryState>
    </Panel>
  );
}

/** Who said it: a monitor, or a gate by its name, such as dbt. */
function sayer(monitor: string): string {
  if (monitor.startsWith("gate:")) return monitor.slice(5);
  return monitor ? "monitor" : "gate";
}

export function FoundRow({ one }: { one: Said }) {
  const sample = (one.details.sample ?? []) as Record<string, unknown>[];
  const [open, setOpen] = useState(false);
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <Moment at={one.start} />
        </Table.Td>
        <Table.Td>{sayer(one.monitor)}</Table.Td>
        <Table.Td>{one.severity || "–"}</Table.Td>
        <Table.Td>
          <State status={one.status} />
        </Table.Td>
        <Table.Td>
          {one.description}
          <SegmentOf segment={one.segment} />
          {one.value != null && <span className="dimmed"> ({formatNumber(one.value)})</span>}
          {sample.length > 0 && (
            <Button
              variant="subtle"
              size="compact-xs"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            >
              {open ? "Hide" : "Show"} {sample.length} failing rows
            </Button>
          )}
        </Table.Td>
      </Table.Tr>
      {open && (
        <Table.Tr>
          <Table.Td colSpan={5}>
            <RowTable rows={sample} first={one.column} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}
