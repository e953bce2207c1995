import { Link } from "@tanstack/react-router";
import { useGet } from "@/api/query";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { keyOf, oneLine } from "@/pages/logs/record";
import { writeTerm } from "@/search/terms";
import { levelColor } from "@/theme/colors";
import { formatMoment } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";
import type { Run } from "./RunPage";
import classes from "./training.module.css";

const FIELD = "vedette.run.id";
const MARGIN_MS = 60_000;
const SNIPPET = `import vedette, mlflow
vedette.init("trainer")     # or any OpenTelemetry SDK
with mlflow.start_run() as run:
    logging.info("epoch done", extra={"${FIELD}": run.info.run_id})
    span.set_attribute("${FIELD}", run.info.run_id)`;

/** Log records and spans that name the run, in the time that it took. */
export function RunTelemetry({ run }: { run: Run }) {
  const { timezone } = useTimeRange();
  const start = new Date((run.info.start_ms ?? Date.now()) - MARGIN_MS).toISOString();
  const end = new Date((run.info.end_ms ?? Date.now()) + MARGIN_MS).toISOString();
  const q = writeTerm(FIELD, run.info.id);
  const search = { q, from: start, to: end };
  const logs = useGet("/api/v1/logs", { params: { query: { start, end, q, limit: 200 } } });
  const traces = useGet("/api/v1/traces", { params: { query: { start, end, q, limit: 50 } } });
  return (
    <div className={classes.grid}>
      <Panel
        title="Logs"
        aside={
          <Pivot to="/logs" search={search}>
            Open in logs
          </Pivot>
        }
      >
        <QueryState
          query={logs}
          isEmpty={(data) => data.records.length === 0}
          empty={
            <Empty title={`No record has ${FIELD} of this run`} snippet={SNIPPET}>
              Records and spans that carry the run's id are shown here:
            </Empty>
          }
        >
          {(data) => (
            <div
              className={classes.preview}
              tabIndex={0}
              role="region"
              aria-label="Logs of the run"
            >
              <pre>
                {data.records.map((record, index) => (
                  <div key={`${keyOf(record)} ${index.toString()}`}>
                    <i
                      className={classes.swatch}
                      style={{ background: levelColor(record.severity_text.toLowerCase()) }}
                    />
                    {formatMoment(Date.parse(record.timestamp), timezone)}{" "}
                    {oneLine(record.body, 400)}
                  </div>
                ))}
              </pre>
            </div>
          )}
        </QueryState>
      </Panel>
      <Panel
        title="Traces"
        aside={
          <Pivot to="/traces" search={search}>
            Open in traces
          </Pivot>
        }
      >
        <QueryState
          query={traces}
          isEmpty={(data) => data.traces.length === 0}
          empty={<Empty title={`No span has ${FIELD} of this run`} />}
        >
          {(data) => (
            <ul className={classes.tree}>
              {data.traces.map((one) => (
                <li key={one.trace_id}>
                  <Link
                    to="/traces/$traceId"
                    params={{ traceId: one.trace_id } as never}
                    search={{ from: start, to: end } as never}
                    className="link"
                  >
                    {one.root_name || one.trace_id}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </QueryState>
      </Panel>
    </div>
  );
}
