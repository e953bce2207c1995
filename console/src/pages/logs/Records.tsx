import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { client, unwrap } from "@/api/client";
import type { ApiError } from "@/api/errors";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { Empty, QueryCost, QueryState } from "@/components/QueryState";
import { SendLogs } from "@/components/SendSnippets";
import { useTimeRange } from "@/time/TimeProvider";
import { LogList } from "./LogList";
import type { LogsUrl, SetLogsUrl } from "./params";
import classes from "./Records.module.css";

/** What a screen shows comes first: the rarer the matches, the more each further one costs. */
const FIRST_PAGE = 60;
const PAGE = 200;
const MOST = 20_000;
type Page = components["schemas"]["LogPageView"];

interface Props {
  url: LogsUrl;
  setUrl: SetLogsUrl;
  /** Told whether the first records of what is asked for are there, or cannot be had. */
  onAnswered: (answered: boolean) => void;
}

/** The matching records, a page more each time the end comes near. */
export function Records({ url, setUrl, onAnswered }: Props) {
  const time = useTimeRange();
  const { q, order, col } = url;
  const { start, end } = time.query;
  const query = useInfiniteQuery<Page, ApiError, { pages: Page[] }, unknown[], string | null>({
    queryKey: ["/api/v1/logs", { start, end, q, order }],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET("/api/v1/logs", {
          params: {
            query: {
              start,
              end,
              q,
              order,
              limit: pageParam ? PAGE : FIRST_PAGE,
              cursor: pageParam ?? undefined,
            },
          },
          signal,
        }),
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.cursor,
    placeholderData: keepPreviousData,
  });
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const answered = !query.isPending && !query.isPlaceholderData;
  useEffect(() => onAnswered(answered), [answered, onAnswered]);
  const records = useMemo(() => data?.pages.flatMap((page) => page.records) ?? [], [data]);
  const full = records.length >= MOST;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !full) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, full, fetchNextPage]);
  const first = data?.pages[0];
  const footer = isFetchingNextPage
    ? "More records are on their way…"
    : full
      ? `These are the first ${formatCount(MOST)} records; narrow the search or the range, or export them`
      : hasNextPage
        ? ""
        : `All ${formatCount(records.length)} records of the range`;
  if (query.error && query.error.position !== null) {
    // The search box says what is wrong and where.
    return <Empty title="The search cannot be run">Correct it above.</Empty>;
  }
  return (
    <div className={classes.records}>
      <QueryState
        query={{ ...query, data: first ? records : undefined } as never}
        isEmpty={(found: typeof records) => found.length === 0}
        empty={<Nothing q={q} onClear={() => setUrl({ q: "" })} />}
        height={400}
      >
        {(found: typeof records) => (
          <LogList
            key={`${q} ${order}`}
            records={found}
            columns={col}
            terms={first?.terms ?? []}
            onRemoveColumn={(field) => setUrl({ col: col.filter((item) => item !== field) })}
            onEnd={onEnd}
            footer={footer}
            selected={url.sel}
            onSelect={(sel) => setUrl({ sel }, { replace: true })}
          />
        )}
      </QueryState>
      {first && records.length > 0 && (
        <div className={classes.cost}>
          <span>{formatCount(records.length)} shown</span>
          <QueryCost rowsRead={first.rows_read} seconds={first.seconds} />
        </div>
      )}
    </div>
  );
}

function Nothing({ q, onClear }: { q: string; onClear: () => void }) {
  const time = useTimeRange();
  if (!q) {
    return (
      <Empty title="No logs in this time range">
        Show a longer range, or send the first records:
        <SendLogs />
      </Empty>
    );
  }
  return (
    <Empty title="No record matches">
      <p>
        <button type="button" className={classes.link} onClick={time.zoomOut}>
          Look in twice the range
        </button>{" "}
        or{" "}
        <button type="button" className={classes.link} onClick={onClear}>
          take the search out
        </button>
        .
      </p>
    </Empty>
  );
}
