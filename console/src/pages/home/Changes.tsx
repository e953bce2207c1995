import { Text } from "@mantine/core";
import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconCircleCheck,
  IconInfoCircle,
} from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiError } from "@/api/errors";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Moment } from "@/components/Moment";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { QueryState } from "@/components/QueryState";
import { addTerm, writeTerm } from "@/search/terms";
import { useTimeRange } from "@/time/TimeProvider";
import { type Change, changesOf } from "./changes";
import classes from "./HomePage.module.css";

const SHOWN = 8;
type ServicesQuery = UseQueryResult<components["schemas"]["ServicesView"], ApiError>;

/** What is wrong now, and what changed against the period of the same length before. */
export function Changes({ services }: { services: ServicesQuery }) {
  const time = useTimeRange();
  const [all, setAll] = useState(false);
  const red = useGet("/api/v1/spans/red/summary", {
    params: { query: { ...time.query, limit: 500 } },
  });
  const patterns = useGet("/api/v1/logs/patterns", {
    params: { query: { ...time.query, q: "level:>=error", compare: true, limit: 20 } },
  });
  const changes =
    red.data && patterns.data && services.data
      ? changesOf({
          rows: red.data.rows,
          services: services.data.services,
          patterns: patterns.data.patterns,
          now: time.to === "now" ? time.end : null,
        })
      : undefined;
  const failed = red.error ? red : patterns;
  return (
    <Panel
      title="What is wrong, what changed"
      aside={<span className={classes.detail}>against the period before</span>}
    >
      <QueryState query={{ ...failed, data: changes } as never} height={80}>
        {(found: Change[]) =>
          found.length === 0 ? (
            <div className={classes.fine}>
              <IconCircleCheck size={18} color="var(--v-good)" aria-hidden />
              <Text size="sm">Nothing fails, slows down or falls silent in this range</Text>
            </div>
          ) : (
            <>
              {(all ? found : found.slice(0, SHOWN)).map((change) => (
                <ChangeRow key={change.key} change={change} />
              ))}
              {found.length > SHOWN && (
                <button
                  type="button"
                  className={`${classes.row} ${classes.more}`}
                  onClick={() => setAll(!all)}
                >
                  {all ? "Fewer" : `${found.length - SHOWN} more`}
                </button>
              )}
            </>
          )
        }
      </QueryState>
    </Panel>
  );
}

const SIGNS = {
  critical: { Icon: IconAlertOctagon, color: "var(--v-critical)", word: "Critical" },
  warning: { Icon: IconAlertTriangle, color: "var(--v-warning)", word: "Warning" },
  notice: { Icon: IconInfoCircle, color: "var(--v-dimmed)", word: "Notice" },
} as const;

function ChangeRow({ change }: { change: Change }) {
  const { Icon, color, word } = SIGNS[change.grade];
  const { page, service, search } = change.to;
  const q = service ? addTerm(search, writeTerm("service", service)) : search;
  return (
    <PageLink
      to={page}
      search={{
        q,
        ...(page === "/logs" && !service ? { view: "patterns", compare: "1" } : {}),
      }}
      className={classes.row}
    >
      <Icon size={16} color={color} aria-label={word} />
      <span className={classes.what}>{change.what}</span>
      <span className={classes.detail}>
        {change.detail} {change.at && <Moment at={change.at} />}
      </span>
    </PageLink>
  );
}
