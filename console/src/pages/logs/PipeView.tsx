import { Button, Group, Kbd, Menu, SegmentedControl, Text } from "@mantine/core";
import {
  IconBellPlus,
  IconBulb,
  IconDownload,
  IconLayoutDashboard,
  IconPlayerPlayFilled,
} from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { client, unwrap } from "@/api/client";
import { saveAs } from "@/api/download";
import { useAsk } from "@/api/query";
import type { components } from "@/api/schema";
import { alarmSearch } from "@/components/CreateAlarm";
import { PipeEditor } from "@/components/editor/PipeEditor";
import { PageLink } from "@/components/PageLink";
import { Empty, QueryCost, QueryState } from "@/components/QueryState";
import { chartOf, ResultChart } from "@/components/result/ResultChart";
import { ResultTable } from "@/components/result/ResultTable";
import { type Result, toCsv } from "@/components/result/result";
import { useSession } from "@/session/SessionProvider";
import { parseDuration } from "@/time/range";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./PipeView.module.css";

const AddToDashboard = lazy(() => import("../dashboards/AddToDashboard"));
type PipeResult = components["schemas"]["PipeResult"];

const EXAMPLES = [
  "stats count(*) as records by service, level | sort records desc",
  "filter level = 'error' | stats count(*) as errors by service, bin(5m)",
  "fields @timestamp, service, message | filter level in ['error', 'fatal'] | sort @timestamp desc | limit 100",
  "pattern message",
  "filter ispresent(duration_ms) | stats pct(duration_ms, 95) as p95 by service, bin(5m)",
];
const START = "stats count(*) as records by service, bin(5m)";

interface Props {
  pipe: string;
  q: string;
  onPipe: (pipe: string) => void;
}

/** The pipe language: an editor, and the answer as a table or a chart. */
export default function PipeView({ pipe, q, onPipe }: Props) {
  const { query: range } = useTimeRange();
  const { can } = useSession();
  const first = pipe || (q ? `search ${JSON.stringify(q)} | ${START}` : START);
  const [draft, setDraft] = useState(first);
  const [shape, setShape] = useState("auto");
  const [adding, setAdding] = useState(false);
  const asked = pipe || first;
  const query = useAsk<PipeResult>(["/api/v1/query", { ...range, query: asked }], (signal) =>
    unwrap(
      client.POST("/api/v1/query", { body: { query: asked, source: "logs", ...range }, signal }),
    ),
  );
  const result = useMemo(() => (query.data ? resultOf(query.data) : undefined), [query.data]);
  const chart = result && chartOf(result);
  const asChart = chart !== null && shape !== "table";
  const run = (text: string) => {
    setDraft(text);
    if (text === asked) void query.refetch();
    else onPipe(text);
  };
  return (
    <div className={classes.pipe}>
      <div className={classes.editor}>
        <PipeEditor
          value={draft}
          onChange={setDraft}
          onRun={run}
          error={draft === asked ? query.error : null}
          label="Query of the pipe language"
        />
        <Group gap={8} justify="space-between">
          <Group gap={8}>
            <Button
              leftSection={<IconPlayerPlayFilled size={12} />}
              onClick={() => run(draft)}
              loading={query.isFetching}
            >
              Run
            </Button>
            <Text size="xs" c="dimmed" visibleFrom="sm">
              <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd>
            </Text>
            <Menu position="bottom-start">
              <Menu.Target>
                <Button variant="default" leftSection={<IconBulb size={14} />}>
                  Examples
                </Button>
              </Menu.Target>
              <Menu.Dropdown maw={620}>
                {EXAMPLES.map((example) => (
                  <Menu.Item key={example} className="mono" onClick={() => run(example)}>
                    {example}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          </Group>
          <Group gap={8}>
            {query.data && (
              <QueryCost rowsRead={query.data.rows_read} seconds={query.data.seconds} />
            )}
            {chart && (
              <SegmentedControl
                aria-label="Show the answer as"
                value={asChart ? "chart" : "table"}
                onChange={setShape}
                data={[
                  { value: "chart", label: "Chart" },
                  { value: "table", label: "Table" },
                ]}
              />
            )}
            {chart?.kind === "time" && can("catalog:write") && (
              <Button
                component={PageLink}
                to="/alarms/new"
                search={pipeAlarm(asked)}
                variant="default"
                leftSection={<IconBellPlus size={14} />}
              >
                Create an alarm
              </Button>
            )}
            {result && (
              <Button
                variant="default"
                leftSection={<IconDownload size={14} />}
                onClick={() => saveAs(new Blob([toCsv(result)], { type: "text/csv" }), "query.csv")}
              >
                CSV
              </Button>
            )}
            {result && can("catalog:write") && (
              <Button
                variant="default"
                leftSection={<IconLayoutDashboard size={14} />}
                onClick={() => setAdding(true)}
              >
                Add to dashboard
              </Button>
            )}
            <Suspense>
              {adding && (
                <AddToDashboard
                  source={{ type: "pipe", query: asked, source: "logs" }}
                  type={!asChart ? "table" : chart?.kind === "bars" ? "bar" : "timeseries"}
                  title=""
                  onClose={() => setAdding(false)}
                />
              )}
            </Suspense>
          </Group>
        </Group>
      </div>
      <div className={classes.answer}>
        <QueryState
          query={{ ...query, data: result } as never}
          isEmpty={(found: Result) => found.rows === 0}
          empty={<Empty title="The query found nothing in this time range" />}
          height={300}
        >
          {(found: Result) =>
            asChart && chart ? (
              <ResultChart chart={chart} title="Answer" />
            ) : (
              <ResultTable result={found} />
            )
          }
        </QueryState>
      </div>
    </div>
  );
}

const BIN = /\bbin\(\s*([^)]*?)\s*\)/;
const MINUTE_S = 60;

/** An alarm on a query: its bins become the alarm's periods, whole minutes. */
function pipeAlarm(query: string) {
  const seconds = (parseDuration(BIN.exec(query)?.[1] ?? "") ?? 0) / 1000;
  const period = Math.max(MINUTE_S, Math.round(seconds / MINUTE_S) * MINUTE_S);
  const source = { type: "pipe" as const, query: query.replace(BIN, "bin($period)") };
  return alarmSearch(source, { period });
}

function resultOf(answer: PipeResult): Result {
  return {
    columns: answer.columns.map((column) => ({ name: column.name, kind: column.kind })),
    data: answer.data,
    rows: answer.rows,
  };
}
