import { Button, Table } from "@mantine/core";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatValue } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { StateMark } from "@/components/Standing";
import { useTimeRange } from "@/time/TimeProvider";

type Detail = components["schemas"]["BrowserSessionDetail"];

interface Props {
  service: string;
  session: string;
  onSession: (session: string) => void;
}

export default function Sessions({ service, session, onSession }: Props) {
  const { query } = useTimeRange();
  const sessions = useGet("/api/v1/experience/sessions", {
    params: { query: { ...query, service, limit: 200 } },
  });
  if (session) return <One session={session} onBack={() => onSession("")} />;
  return (
    <QueryState
      query={sessions}
      isEmpty={(data) => data.sessions.length === 0}
      empty={<Empty title="No session in this time range">Pages with the script make them.</Empty>}
      height={240}
    >
      {(data) => (
        <Listing
          minWidth={720}
          horizontalSpacing="sm"
          highlightOnHover
          columns={["Began", "Session", "App", "Entered at", "Pages", "Errors", "Version"]}
        >
          {data.sessions.map((one) => (
            <Table.Tr key={one.session}>
              <Table.Td>
                <Moment at={one.start} />
              </Table.Td>
              <Table.Td>
                <Button variant="default" size="compact-xs" onClick={() => onSession(one.session)}>
                  {one.session.slice(0, 8)}
                </Button>
              </Table.Td>
              <Table.Td>{one.service}</Table.Td>
              <Table.Td>{one.entry}</Table.Td>
              <Table.Td>{one.views}</Table.Td>
              <Table.Td>
                {one.errors > 0 ? <StateMark state={`${one.errors} failed`} /> : 0}
              </Table.Td>
              <Table.Td>{one.version}</Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </QueryState>
  );
}

function One({ session, onBack }: { session: string; onBack: () => void }) {
  const { query } = useTimeRange();
  const detail = useGet("/api/v1/experience/sessions/{session}", {
    params: { path: { session }, query },
  });
  return (
    <Panel
      title={`Session ${session.slice(0, 8)}`}
      aside={
        <Button variant="default" size="compact-xs" onClick={onBack}>
          All sessions
        </Button>
      }
    >
      <QueryState
        query={detail}
        isEmpty={(data) => data.events.length + data.requests.length === 0}
        empty={
          <Empty title="Nothing of this session in this time range">Choose a longer range.</Empty>
        }
        height={200}
      >
        {(data) => <Timeline detail={data} />}
      </QueryState>
    </Panel>
  );
}

function Timeline({ detail }: { detail: Detail }) {
  const rows = [
    ...detail.events.map((one) => ({
      time: one.time,
      what: one.name === "exception" ? "error" : one.name.replace("browser.", "").replace("_", " "),
      text: one.name === "browser.page_view" ? one.path : one.text,
      failed: one.name === "exception",
      trace: one.trace_id,
    })),
    ...detail.requests.map((one) => ({
      time: one.time,
      what: "request",
      text: `${one.name} ${one.status} ${formatValue(one.duration_ms, "ms")}`,
      failed: one.failed,
      trace: one.trace_id,
    })),
  ].sort((a, b) => a.time.localeCompare(b.time));
  return (
    <Listing horizontalSpacing="sm" columns={["When", "What", "Detail", "Trace"]}>
      {rows.map((row, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of one moment have no other key
        <Table.Tr key={`${row.time} ${at}`}>
          <Table.Td>
            <Moment at={row.time} />
          </Table.Td>
          <Table.Td>
            {row.what} {row.failed && <StateMark state="failed" />}
          </Table.Td>
          <Table.Td>{row.text}</Table.Td>
          <Table.Td>
            {row.trace && (
              <Pivot to="/traces/$traceId" params={{ traceId: row.trace }}>
                Trace
              </Pivot>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
