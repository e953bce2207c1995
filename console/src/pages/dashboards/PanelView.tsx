import { ActionIcon, Menu, Text, Tooltip } from "@mantine/core";
import { IconDots, IconDownload, IconInfoCircle, IconPhoto, IconTable } from "@tabler/icons-react";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { ApiError } from "@/api/errors";
import { useAsk } from "@/api/query";
import { seriesTable } from "@/charts/ChartTable";
import { saveText } from "@/charts/download";
import { Empty, QueryState } from "@/components/QueryState";
import { ResultTable } from "@/components/result/ResultTable";
import { toCsv } from "@/components/result/result";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./dashboards.module.css";
import { ask, type PanelData } from "./data";
import { isNothing, seriesRows } from "./figures";
import { Markdown } from "./markdown";
import { isAsked, type Panel, type Source } from "./model";
import { savePng } from "./png";
import { Visual } from "./Visual";
import { expanded, inText, type Values, VariableError } from "./variables";

const ROW = 30;
const GAP = 8;
const HEAD = 34;
const PX_A_POINT = 3;

interface Props {
  panel: Panel;
  values: Values;
  /** Items of the panel's menu. */
  menu?: ReactNode;
  /** Before the title, as for moving it. */
  handle?: ReactNode;
  /** Fills what is there, instead of its place on the grid; px. */
  height?: number;
}

/** A panel: its heading, its menu and its data, or its error alone. */
export function PanelView({ panel, values, menu, handle, height }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const heading = useId();
  const seen = useSeen(host);
  const [asTable, setAsTable] = useState(false);
  const title = inText(panel.title, values);
  const inner =
    (height ?? panel.place.h * (ROW + GAP) - GAP) - (title || menu || handle ? HEAD : 8) - 8;
  const { query, problem } = usePanelData(panel, values, seen);
  const { format } = useTimeRange();
  const data = query.data;
  const csv = () => {
    if (!data) return;
    const unit = panel.look.unit || data.unit;
    const text = data.table
      ? toCsv(data.table)
      : data.series
        ? seriesTable(data.series, unit, (at) => format(at * 1000)).csv()
        : "";
    saveText(`${title || panel.id}.csv`, text);
  };
  const rows =
    data && (data.table ?? (data.series ? seriesRows(data.series, panel.look.reduce) : null));
  return (
    <div
      role="group"
      ref={host}
      className={`panel ${classes.panel}`}
      aria-labelledby={title ? heading : undefined}
      aria-label={title ? undefined : panel.type}
      data-panel={panel.id}
    >
      {(title || menu || handle) && (
        <div className={classes.head}>
          {handle}
          <h2 id={heading} className={classes.title} title={title}>
            {title}
          </h2>
          {panel.description && (
            <Tooltip label={panel.description} multiline maw={320}>
              <ActionIcon size="sm" aria-label={`About ${title}: ${panel.description}`}>
                <IconInfoCircle size={15} />
              </ActionIcon>
            </Tooltip>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon
                size="sm"
                aria-label={`Menu of ${title || panel.id}`}
                className={classes.menu}
              >
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {menu}
              {panel.type !== "text" && (
                <>
                  {rows && panel.type !== "table" && (
                    <Menu.Item
                      leftSection={<IconTable size={14} />}
                      onClick={() => setAsTable(!asTable)}
                    >
                      {asTable ? "View as chart" : "View as table"}
                    </Menu.Item>
                  )}
                  <Menu.Item
                    leftSection={<IconDownload size={14} />}
                    disabled={!data}
                    onClick={csv}
                  >
                    Download CSV
                  </Menu.Item>
                  <Menu.Item
                    leftSection={<IconPhoto size={14} />}
                    disabled={!data}
                    onClick={() => host.current && void savePng(host.current, title || panel.id)}
                  >
                    Download PNG
                  </Menu.Item>
                </>
              )}
            </Menu.Dropdown>
          </Menu>
        </div>
      )}
      <div className={classes.body}>
        {panel.type === "text" ? (
          <div className={classes.markdown} tabIndex={0} role="group" aria-label="Text">
            <Markdown text={inText(panel.text, values)} />
          </div>
        ) : !isAsked(panel.query) ? (
          <Empty title="No query yet">Edit the panel to give it one.</Empty>
        ) : (
          <QueryState
            query={problem ? { ...query, error: problem, isFetching: false } : query}
            isEmpty={isNothing}
            empty={<Empty title="No data in this time range" />}
            height={inner}
          >
            {(found: PanelData) => (
              <>
                {asTable && rows ? (
                  <div className={classes.tableBox}>
                    <ResultTable result={rows} />
                  </div>
                ) : (
                  <Visual
                    panel={panel}
                    data={found}
                    height={inner - (found.notes.length ? 20 : 0)}
                  />
                )}
                {found.notes.length > 0 && (
                  <Text size="xs" c="dimmed" className="one-line" title={found.notes.join("; ")}>
                    {found.notes.join("; ")}
                  </Text>
                )}
              </>
            )}
          </QueryState>
        )}
      </div>
    </div>
  );
}

function usePanelData(panel: Panel, values: Values, enabled: boolean) {
  const { query: range, start, end } = useTimeRange();
  const points = Math.max(60, Math.round((panel.place.w * 55) / PX_A_POINT));
  const interval = niceSeconds((end - start) / 1000 / points);
  let source: Source | null = null;
  let problem: ApiError | null = null;
  try {
    source =
      panel.query && isAsked(panel.query) ? expanded(panel.query, values, range, interval) : null;
  } catch (error) {
    if (!(error instanceof VariableError)) throw error;
    problem = new ApiError(400, { code: "variable", message: error.message } as never);
  }
  // What does not change the answer is not part of the key: a new title asks nothing.
  const key = ["dashboard-panel", panel.type, source, range, points, panel.look.rows];
  const query = useAsk<PanelData>(
    key,
    (signal) => ask(panel, source as Source, { range, points, signal }),
    { enabled: enabled && source !== null },
  );
  return { query, problem };
}

const NICE = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
];

function niceSeconds(least: number): number {
  return NICE.find((one) => one >= least) ?? Math.ceil(least / 86_400) * 86_400;
}

/** Whether a panel was near what is on the screen: others ask nothing. All are before printing. */
function useSeen(host: { readonly current: HTMLElement | null }): boolean {
  const [seen, setSeen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the element stays the same
  useEffect(() => {
    const element = host.current;
    if (!element || seen) return;
    const all = () => setSeen(true);
    const watch = new IntersectionObserver(
      (entries) => entries.some((one) => one.isIntersecting) && setSeen(true),
      { rootMargin: "300px" },
    );
    watch.observe(element);
    addEventListener("beforeprint", all);
    return () => {
      watch.disconnect();
      removeEventListener("beforeprint", all);
    };
  }, [seen]);
  return seen;
}
