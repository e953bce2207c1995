import { Button, Code } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatCount } from "@/charts/units";
import { Moment } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import classes from "@/components/Standing.module.css";
import { useTimeRange } from "@/time/TimeProvider";

interface Props {
  service: string;
  onSession: (session: string) => void;
}

export default function BrowserErrors({ service, onSession }: Props) {
  const { query } = useTimeRange();
  const errors = useGet("/api/v1/experience/errors", { params: { query: { ...query, service } } });
  return (
    <QueryState
      query={errors}
      isEmpty={(data) => data.groups.length === 0}
      empty={
        <Empty title="No JavaScript error in this time range">
          Errors that are alike become one entry here.
        </Empty>
      }
      height={240}
    >
      {(data) => (
        <div className={classes.stack} style={{ paddingInline: 0 }}>
          {data.groups.map((one) => (
            <Panel key={one.print} title={`${one.type}: ${one.message}`}>
              <div className={classes.text}>
                <div>
                  {formatCount(one.events)} times in {formatCount(one.sessions)} sessions of{" "}
                  {formatCount(one.users)} users; last <Moment at={one.last} ago />, first{" "}
                  <Moment at={one.first} ago />
                </div>
                <div className="dimmed">
                  on {one.pages.join(", ")}; {one.service} {one.versions.filter(Boolean).join(", ")}
                </div>
                {one.stacktrace && (
                  <Code block tabIndex={0} mt={4} style={{ maxHeight: 160, overflow: "auto" }}>
                    {one.stacktrace}
                  </Code>
                )}
                <div className={classes.tools} style={{ padding: "6px 0 0" }}>
                  <Button
                    variant="default"
                    size="compact-xs"
                    onClick={() => onSession(one.session)}
                  >
                    Newest session
                  </Button>
                  {one.trace_id && (
                    <Pivot to="/traces/$traceId" params={{ traceId: one.trace_id }}>
                      Trace
                    </Pivot>
                  )}
                </div>
              </div>
            </Panel>
          ))}
        </div>
      )}
    </QueryState>
  );
}
