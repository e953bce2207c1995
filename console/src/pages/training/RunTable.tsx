import { Button, Checkbox, SegmentedControl, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { formatCount } from "@/charts/units";
import { Empty, ErrorPanel } from "@/components/QueryState";
import { usePages } from "@/pages/traces/usePages";
import { list, oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { BulkActions } from "./BulkActions";
import { ColumnChooser } from "./ColumnChooser";
import { FilterBox, isWrongFilter } from "./FilterBox";
import { RunRows, type TablePage } from "./RunRows";
import { quoted } from "./run";
import { START_SNIPPET } from "./snippet";
import classes from "./training.module.css";

const PARAMS = {
  q: text(),
  which: oneOf(["active", "deleted", "all"], "active"),
  order: text(),
  /** Columns; those that most runs have where nobody chose any, `none` for none. */
  cols: list([], 60),
};
const PAGE = 500;
const MAX_COMPARED = 100;

/** The runs of an experiment: found, ordered and shown as the address says. */
export function RunTable({ experiment }: { experiment: string }) {
  const [url, setUrl] = useUrlState(PARAMS);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const openPage = useOpenPage();
  const keys = useGet("/api/v1/experiments/{experiment_id}/keys", {
    params: { path: { experiment_id: experiment } },
  });
  const columns = useMemo(() => {
    if (url.cols.length) return url.cols.filter((one) => one !== "none");
    const metrics = (keys.data?.metrics ?? []).filter(({ key }) => !key.startsWith("system/"));
    return [
      ...metrics.slice(0, 4).map(({ key }) => `metrics.${key}`),
      ...(keys.data?.params ?? []).slice(0, 4).map(({ key }) => `params.${key}`),
    ];
  }, [url.cols, keys.data]);
  const body = {
    experiment_ids: [experiment],
    filter: url.q,
    which: url.which,
    order_by: url.order ? [url.order] : [],
    columns: [...columns],
    limit: PAGE,
  };
  const query = usePages<TablePage>(["/api/v1/runs/search", body], (cursor, signal) =>
    unwrap(client.POST("/api/v1/runs/search", { body: { ...body, cursor }, signal })),
  );
  const pages = query.data ?? [];
  const total = pages[0]?.total ?? 0;
  const loaded = useMemo(() => pages.flatMap((page) => page.runs), [pages]);
  const wrong = isWrongFilter(query.error);
  const compare = () =>
    openPage("/runs/compare", { search: { run: [...selected].slice(0, MAX_COMPARED) } });
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    setSelected(next);
  };
  return (
    <>
      <div className={classes.tools}>
        <FilterBox
          value={url.q}
          onChange={(q) => setUrl({ q })}
          error={query.error}
          placeholder={exampleOf(columns)}
          label="Filter of runs"
        />
        <SegmentedControl
          size="xs"
          aria-label="Which runs"
          data={["active", "deleted", "all"]}
          value={url.which}
          onChange={(which) => setUrl({ which: which as "active" })}
        />
        <ColumnChooser
          keys={keys.data}
          columns={columns}
          onChange={(cols) => setUrl({ cols: cols.length ? cols : ["none"] })}
        />
        <Text size="xs" c="dimmed" pt={6} role="status">
          {query.data && `${formatCount(total)} runs`}
        </Text>
      </div>
      {selected.size > 0 && (
        <div className={classes.bulk} role="group" aria-label="Chosen runs">
          <Text size="sm" fw={600}>
            {formatCount(selected.size)} chosen
          </Text>
          <Button size="compact-sm" onClick={compare} disabled={selected.size > MAX_COMPARED}>
            Compare
          </Button>
          <BulkActions ids={[...selected]} onDone={() => setSelected(new Set())} />
          <Button size="compact-sm" variant="subtle" onClick={() => setSelected(new Set())}>
            Choose none
          </Button>
        </div>
      )}
      {query.error && !wrong && (
        <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
      )}
      {!wrong && query.data && total === 0 && (
        <Empty
          title={url.q ? "No run is found by this filter" : `There is no ${url.which} run`}
          snippet={url.q || url.which === "deleted" ? undefined : START_SNIPPET}
        >
          {!url.q && url.which !== "deleted" && "The unmodified mlflow client logs here:"}
        </Empty>
      )}
      {!wrong && total > 0 && (
        <RunRows
          pages={pages}
          columns={columns}
          total={total}
          order={url.order}
          onOrder={(order) => setUrl({ order })}
          selected={selected}
          onToggle={toggle}
          all={
            <Checkbox
              size="xs"
              aria-label="Choose all loaded runs"
              checked={loaded.length > 0 && loaded.every((run) => selected.has(run.id))}
              indeterminate={selected.size > 0 && loaded.some((run) => !selected.has(run.id))}
              onChange={(event) =>
                setSelected(new Set(event.currentTarget.checked ? loaded.map((run) => run.id) : []))
              }
            />
          }
          onEnd={() => query.hasNextPage && !query.isFetching && void query.fetchNextPage()}
        />
      )}
    </>
  );
}

function exampleOf(columns: readonly string[]): string {
  const metric = columns.find((one) => one.startsWith("metrics."))?.slice(8) ?? "loss";
  const param = columns.find((one) => one.startsWith("params."))?.slice(7) ?? "depth";
  return `metrics.${quoted(metric)} < 0.3 AND params.${quoted(param)} = '4'`;
}
