import { Badge, ScrollArea, Text } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatCount } from "@/charts/units";
import { FindInput } from "@/components/FindInput";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./metrics.module.css";

const PAGE = 200;
const SNIPPET = `import vedette
from opentelemetry import metrics

vedette.init("my-service")   # host and process metrics come by themselves
metrics.get_meter("app").create_counter("orders").add(1)`;

interface Props {
  find: string;
  onFind: (find: string) => void;
  used: readonly string[];
  /** None where there is no room for another query. */
  onAdd?: (metric: string, statistic: string) => void;
}

/** All metrics of the time range, by name. */
export function Catalogue({ find, onFind, used, onAdd }: Props) {
  const { query } = useTimeRange();
  const found = useGet("/api/v1/metrics", {
    params: { query: { ...query, search: find, limit: PAGE } },
  });
  return (
    <nav className={classes.catalogue} aria-label="Metrics">
      <FindInput
        m={8}
        label="Search metrics by name"
        placeholder="Search metrics"
        value={find}
        onFind={onFind}
      />
      <QueryState
        query={found}
        isEmpty={(data) => data.metrics.length === 0}
        empty={
          find ? (
            <Empty title={`No metric's name contains "${find.slice(0, 100)}"`} />
          ) : (
            <Empty title="No metric in this time range" snippet={SNIPPET} />
          )
        }
        height={300}
      >
        {(data) => (
          <>
            <Text size="xs" c="dimmed" px={8} role="status">
              {formatCount(data.total)} metrics
              {data.total > data.metrics.length && `, the first ${data.metrics.length} shown`}
            </Text>
            <ScrollArea.Autosize
              mah="calc(100dvh - 170px)"
              type="auto"
              viewportProps={{ tabIndex: 0 }}
            >
              <ul className={classes.metrics}>
                {data.metrics.map((one) => (
                  <li key={`${one.name} ${one.type}`}>
                    <button
                      type="button"
                      disabled={!onAdd}
                      aria-pressed={used.includes(one.name)}
                      title={one.description || undefined}
                      onClick={() => onAdd?.(one.name, one.default_statistic)}
                    >
                      <span className={classes.name}>{one.name}</span>
                      <span className={classes.facts}>
                        {one.type.replace("_", " ")}
                        {one.unit && ` · ${one.unit}`} · {formatCount(one.series)} series
                        {used.includes(one.name) && (
                          <Badge size="xs" ml={6}>
                            shown
                          </Badge>
                        )}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            </ScrollArea.Autosize>
          </>
        )}
      </QueryState>
    </nav>
  );
}
