import { Button, Group, Table, Tabs, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { useOpenPage } from "@/app/useOpenPage";
import type { Aligned } from "@/charts/aligned";
import { TimePanel } from "@/charts/TimePanel";
import { formatCount, formatCounted, formatNumber } from "@/charts/units";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { FoundRow } from "@/pages/datasets/ChecksTab";
import classes from "@/pages/datasets/datasets.module.css";
import { State } from "@/pages/datasets/State";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { baselineText, segmentText } from "./form";
import { MaskPanel } from "./MaskPanel";

const MonitorForm = lazy(() => import("./MonitorForm"));
const AlertForm = lazy(() => import("./AlertForm"));
const TABS = ["runs", "edit", "alert"] as const;
const PARAMS = { tab: oneOf(TABS, "runs"), window: text() };

type Runs = components["schemas"]["RunsView"];
type Monitor = components["schemas"]["MonitorView"];

/** A monitor: its runs and what they found, its definition, masked ranges, its alarm. */
export default function MonitorPage() {
  const { monitor: name } = useParams({ strict: false }) as { monitor: string };
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const openPage = useOpenPage();
  const time = useTimeRange();
  const path = { name };
  const monitor = useGet("/api/v1/monitors/{name}", { params: { path } });
  const again = useChange(
    (range: { start?: string; end: string }) =>
      unwrap(client.POST("/api/v1/monitors/{name}/run", { params: { path }, body: range })),
    ["/api/v1/monitors", "/api/v1/datasets"],
  );
  const remove = useChange(
    () => unwrap(client.DELETE("/api/v1/monitors/{name}", { params: { path } })),
    ["/api/v1/monitors"],
  );
  const run = (range: { start?: string; end: string }) =>
    again.mutate(range, {
      onSuccess: (done) =>
        notifyDone(
          `${formatCounted(done.windows.length, "window")}: ${formatCounted(done.violations, "violation")}, ${formatCounted(done.drifted, "column")} drifted`,
        ),
      onError: (error) => notifyError("The monitor did not run", error),
    });
  return (
    <>
      <PageHeader
        title={name}
        aside={monitor.data && !monitor.data.spec.enabled ? "off" : undefined}
        actions={
          can("catalog:write") && (
            <Group gap={6}>
              {monitor.data?.spec.source && (
                <Button
                  variant="default"
                  loading={again.isPending}
                  onClick={() => run({ end: "now" })}
                  title={monitor.data.spec.source.url}
                >
                  Profile the source now
                </Button>
              )}
              <Button
                variant="default"
                loading={again.isPending}
                onClick={() => run(time.query)}
                title="The windows of the range that is shown, at most 50"
              >
                Run the range again
              </Button>
              <Confirm
                label="Delete"
                question="It watches no more; what it found stays."
                confirm="Delete the monitor"
                onConfirm={() =>
                  remove.mutate(undefined, {
                    onSuccess: () => openPage("/monitors"),
                    onError: (error) => notifyError("It was not deleted", error),
                  })
                }
              />
            </Group>
          )
        }
      />
      <QueryState query={monitor} height={300}>
        {(data) => (
          <>
            <Summary monitor={data} />
            <Tabs
              value={url.tab}
              onChange={(tab) => setUrl({ tab: (tab ?? "runs") as "runs" })}
              keepMounted={false}
            >
              <Tabs.List px={14}>
                <Tabs.Tab value="runs">Runs</Tabs.Tab>
                <Tabs.Tab value="edit">Definition</Tabs.Tab>
                <Tabs.Tab value="alert">Alarm</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="runs" className={classes.body}>
                <RunsTab
                  name={name}
                  window={url.window}
                  onWindow={(window) => setUrl({ window })}
                  onAgain={can("catalog:write") ? run : undefined}
                />
              </Tabs.Panel>
              <Tabs.Panel value="edit" className={classes.body}>
                {data.spec.baseline?.kind === "rolling" && (
                  <MaskPanel name={name} spec={data.spec} />
                )}
                <Panel title="Definition">
                  {can("catalog:write") ? (
                    <Suspense>
                      <MonitorForm
                        key={data.updated}
                        monitor={{ name, spec: data.spec, hasSecret: data.has_secret }}
                        onDone={() => setUrl({ tab: "runs" })}
                      />
                    </Suspense>
                  ) : (
                    <Text className={classes.pad}>Only editors may change it.</Text>
                  )}
                </Panel>
              </Tabs.Panel>
              <Tabs.Panel value="alert" className={classes.body}>
                <Suspense>
                  <AlertForm name={name} spec={data.spec} />
                </Suspense>
              </Tabs.Panel>
            </Tabs>
          </>
        )}
      </QueryState>
    </>
  );
}

function Summary({ monitor: { spec } }: { monitor: Monitor }) {
  return (
    <div className={classes.tools}>
      <Pivot to="/datasets/$dataset" params={{ dataset: spec.dataset }}>
        {spec.dataset}
      </Pivot>
      <span className="dimmed">
        {spec.source
          ? `profiles ${spec.source.url}${spec.source.time_column ? ` by ${spec.source.time_column}` : ""}, `
          : ""}
        {spec.schedule}, windows of {spec.window}
        {spec.baseline ? `, against ${baselineText(spec)}` : ""}
        {spec.drift ? `, drift as ${spec.drift.preset}` : ""}
        {spec.checks?.length ? `, ${spec.checks.length} own checks` : ""}
        {spec.segments?.length ? `, segments ${spec.segments.map(segmentText).join("; ")}` : ""}
      </span>
    </div>
  );
}

interface RunsProps {
  name: string;
  window: string;
  onWindow: (window: string) => void;
  onAgain?: (range: { start: string; end: string }) => void;
}

const ROWS_OF = (data: Runs): Aligned => {
  const runs = [...data.runs].reverse();
  const times = runs.map((one) => Date.parse(one.start) / 1000);
  return {
    times,
    series: [
      { key: "violations", label: "violations", values: runs.map((one) => one.violations) },
      { key: "drifted", label: "columns that drifted", values: runs.map((one) => one.drifted) },
    ],
  };
};

function RunsTab({ name, window, onWindow, onAgain }: RunsProps) {
  const { query } = useTimeRange();
  const runs = useGet("/api/v1/monitors/{name}/runs", {
    params: { path: { name }, query: { ...query, limit: 500 } },
  });
  const chosen = runs.data?.runs.find((one) => one.start === window);
  return (
    <>
      <TimePanel
        title="Violations and drift by window"
        query={runs}
        shape={ROWS_OF}
        min={0}
        height={150}
        empty={
          <Empty title="No window of this range was looked at yet">
            Windows are looked at once they are over and their profiles are there. “Run the range
            again” looks at them now.
          </Empty>
        }
      />
      <div className={chosen ? classes.split : undefined} style={{ marginTop: 10 }}>
        <Panel title="Runs">
          <QueryState
            query={runs}
            isEmpty={(data) => data.runs.length === 0}
            empty={<Empty title="No runs in this range" />}
          >
            {(data) => (
              <Listing
                minWidth={620}
                maxHeight={520}
                highlightOnHover
                columns={[
                  "Window",
                  "Status",
                  "Rows",
                  "Violations",
                  "Drifted",
                  "Looked at",
                  ACTIONS,
                ]}
              >
                {data.runs.map((one) => (
                  <Table.Tr
                    key={one.start}
                    className={classes.row}
                    data-chosen={one.start === window || undefined}
                  >
                    <Table.Td>
                      <Button
                        variant="subtle"
                        size="compact-xs"
                        aria-pressed={one.start === window}
                        onClick={() => onWindow(one.start)}
                      >
                        <Moment at={one.start} />
                      </Button>
                    </Table.Td>
                    <Table.Td>
                      <State status={one.status} />
                      {one.error && <div className="dimmed">{one.error}</div>}
                      {one.notes.map((note) => (
                        <div key={note} className="dimmed">
                          {note}
                        </div>
                      ))}
                    </Table.Td>
                    <Table.Td>{formatCount(one.rows)}</Table.Td>
                    <Table.Td>{one.violations}</Table.Td>
                    <Table.Td>{one.drifted}</Table.Td>
                    <Table.Td>
                      <Moment at={one.time} ago />
                    </Table.Td>
                    <Table.Td>
                      {onAgain && (
                        <Button
                          variant="default"
                          size="compact-xs"
                          aria-label={`Run the window of ${one.start} again`}
                          onClick={() => onAgain({ start: one.start, end: one.end })}
                        >
                          Again
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Listing>
            )}
          </QueryState>
        </Panel>
        {chosen && <Window name={name} run={chosen} onClose={() => onWindow("")} />}
      </div>
    </>
  );
}

interface WindowProps {
  name: string;
  run: Runs["runs"][number];
  onClose: () => void;
}

function Window({ name, run, onClose }: WindowProps) {
  const { format } = useTimeRange();
  const results = useGet("/api/v1/monitors/{name}/results", {
    params: { path: { name }, query: { start: run.start, end: run.end, limit: 2000 } },
  });
  return (
    <Panel
      title={`Window of ${format(Date.parse(run.start))}`}
      aside={
        <Button variant="default" size="compact-xs" onClick={onClose}>
          Close
        </Button>
      }
    >
      <QueryState query={results} height={240}>
        {(data) => (
          <>
            <Listing
              minWidth={520}
              maxHeight={520}
              columns={["Column", "Drift", "Value of threshold", "Why"]}
            >
              {data.results
                .filter((one) => one.family === "drift" && one.column)
                .map((one) => (
                  <Table.Tr key={`${one.column} ${segmentText(one.segment)}`}>
                    <Table.Td>
                      {one.column}
                      <div className="dimmed">{segmentText(one.segment)}</div>
                    </Table.Td>
                    <Table.Td>
                      <State status={one.status} />
                    </Table.Td>
                    <Table.Td>
                      {formatNumber(one.value)} of {formatNumber(one.threshold)}
                    </Table.Td>
                    <Table.Td>{one.description}</Table.Td>
                  </Table.Tr>
                ))}
            </Listing>
            <Listing
              minWidth={520}
              maxHeight={420}
              columns={["Window", "By", "Severity", "Check", "Found"]}
            >
              {data.results
                .filter((one) => one.family === "check")
                .map((one) => (
                  <FoundRow
                    key={`${one.description} ${segmentText(one.segment)}`}
                    one={{ ...one, monitor: name }}
                  />
                ))}
            </Listing>
          </>
        )}
      </QueryState>
    </Panel>
  );
}
