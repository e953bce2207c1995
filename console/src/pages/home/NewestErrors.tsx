import { IconCircleCheck } from "@tabler/icons-react";
import { useGet } from "@/api/query";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { QueryState } from "@/components/QueryState";
import { keyOf, oneLine } from "@/pages/logs/record";
import { serviceColor } from "@/theme/colors";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./HomePage.module.css";

const Q = "level:>=error";

/** The newest records of errors. */
export function NewestErrors() {
  const time = useTimeRange();
  const query = useGet("/api/v1/logs", { params: { query: { ...time.query, q: Q, limit: 12 } } });
  return (
    <Panel
      title="Newest errors"
      aside={
        <PageLink to="/logs" search={{ q: Q }}>
          All errors
        </PageLink>
      }
    >
      <QueryState
        query={query}
        height={200}
        isEmpty={(data) => !data.records.length}
        empty={
          <div className={classes.fine}>
            <IconCircleCheck size={18} color="var(--v-good)" aria-hidden /> No error in the logs
          </div>
        }
      >
        {(data) =>
          data.records.map((record, index) => (
            <PageLink
              key={`${keyOf(record)} ${index.toString()}`}
              to="/logs"
              search={{ q: Q, sel: keyOf(record) }}
              className={classes.row}
            >
              <span className={classes.time}>
                {time.format(Date.parse(record.timestamp), "clock")}
              </span>
              <span
                className={classes.dot}
                style={{ background: serviceColor(record.service_name) }}
              />
              <span className={classes.message} title={record.service_name}>
                {record.service_name}: {oneLine(record.body, 400)}
              </span>
            </PageLink>
          ))
        }
      </QueryState>
    </Panel>
  );
}
