import type { UseQueryResult } from "@tanstack/react-query";
import type { ApiError } from "@/api/errors";
import type { components } from "@/api/schema";
import { formatPercent, formatSeconds } from "@/charts/units";
import { Moment } from "@/components/Moment";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { QueryState } from "@/components/QueryState";
import { Mark, type Pipeline, PipelineLink, RecentRuns } from "@/pages/pipelines/health";
import classes from "./HomePage.module.css";

const SHOWN = 8;
const WORST_FIRST = ["failing", "error", "late", "warning", "running", "unknown", "ok"];

/** Pipelines that ran or should have run, the worst first; nothing where there are none. */
export function PipelinesPanel({
  query,
}: {
  query: UseQueryResult<components["schemas"]["PipelinesView"], ApiError>;
}) {
  const all = query.data?.pipelines;
  if (all?.length === 0) return null;
  return (
    <Panel
      title="Pipelines"
      aside={
        <PageLink to="/pipelines">
          {all && all.length > SHOWN ? `All ${all.length}` : "All pipelines"}
        </PageLink>
      }
    >
      <QueryState query={query} height={120}>
        {(found) => (
          <div className={classes.scroll}>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th scope="col">Pipeline</th>
                  <th scope="col">Health</th>
                  <th scope="col">Last runs</th>
                  <th scope="col">Failed</th>
                  <th scope="col">p95</th>
                  <th scope="col">Last success</th>
                </tr>
              </thead>
              <tbody>
                {worstFirst(found.pipelines)
                  .slice(0, SHOWN)
                  .map((one) => (
                    <tr key={one.job}>
                      <td>
                        <PipelineLink job={one.job} />
                      </td>
                      <td>
                        <Mark status={one.health} />
                      </td>
                      <td>
                        <RecentRuns recent={one.recent} label={one.job} />
                      </td>
                      <td>{one.runs ? formatPercent(one.failed / one.runs) : "–"}</td>
                      <td>{formatSeconds(one.p95_seconds)}</td>
                      <td>
                        <Moment at={one.last_success} ago />
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </div>
        )}
      </QueryState>
    </Panel>
  );
}

function worstFirst(pipelines: readonly Pipeline[]): Pipeline[] {
  const rank = (one: Pipeline) => {
    const at = WORST_FIRST.indexOf(one.health);
    return at < 0 ? WORST_FIRST.length : at;
  };
  return [...pipelines].sort((a, b) => rank(a) - rank(b) || a.job.localeCompare(b.job));
}
