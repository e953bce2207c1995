import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconDots, IconDownload, IconInfoCircle, IconLink, IconTable } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import type { ApiError } from "@/api/errors";
import { QueryState } from "@/components/QueryState";
import { ChartTable, type TableData } from "./ChartTable";
import classes from "./charts.module.css";
import { saveText } from "./download";
import { unitLabel } from "./units";

interface Props<T> {
  title: string;
  unit?: string;
  /** What the numbers mean and where they come from. */
  description?: string;
  query: Pick<
    UseQueryResult<T, ApiError>,
    "data" | "error" | "isPending" | "isFetching" | "isPlaceholderData" | "refetch"
  >;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  height?: number;
  /** Buttons at the right of the title. */
  actions?: ReactNode;
  /** Items of the panel's menu. */
  menu?: ReactNode;
  table?: (data: T) => TableData;
  /** Without border and heading, where a page gives them. */
  plain?: boolean;
  children: (data: T) => ReactNode;
}

/**
 * The frame of every chart: its name and unit, its states, its numbers as a table and as a file.
 * A chart on a canvas stands only inside one, so that nothing is there for eyes alone.
 */
export function ChartFrame<T>(props: Props<T>) {
  const { title, unit = "", description, query, height = 200, actions, menu, table, plain } = props;
  const [asTable, setAsTable] = useState(false);
  const heading = useId();
  const { data } = query;
  const unitText = unitLabel(unit);
  return (
    <figure className={classes.frame} data-plain={plain || undefined} aria-labelledby={heading}>
      <figcaption className={classes.head}>
        <span id={heading} className={classes.title} title={title}>
          {title}
          {unitText && <span className={classes.unit}>{unitText}</span>}
        </span>
        {description && (
          <Tooltip label={description} multiline maw={320}>
            <ActionIcon size="sm" aria-label={`About ${title}: ${description}`}>
              <IconInfoCircle size={15} />
            </ActionIcon>
          </Tooltip>
        )}
        {actions}
        {(table || menu) && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon size="sm" aria-label={`Menu of ${title}`}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {table && (
                <>
                  <Menu.Item
                    leftSection={<IconTable size={14} />}
                    onClick={() => setAsTable(!asTable)}
                  >
                    {asTable ? "View as chart" : "View as table"}
                  </Menu.Item>
                  <Menu.Item
                    leftSection={<IconDownload size={14} />}
                    disabled={data === undefined}
                    onClick={() =>
                      data !== undefined && saveText(`${title}.csv`, table(data).csv())
                    }
                  >
                    Download CSV
                  </Menu.Item>
                </>
              )}
              <Menu.Item
                leftSection={<IconLink size={14} />}
                onClick={() => void navigator.clipboard?.writeText(location.href)}
              >
                Copy link to the page
              </Menu.Item>
              {menu}
            </Menu.Dropdown>
          </Menu>
        )}
      </figcaption>
      <div className={classes.body}>
        <QueryState query={query} isEmpty={props.isEmpty} empty={props.empty} height={height}>
          {(loaded) =>
            asTable && table ? (
              <ChartTable title={title} data={table(loaded)} />
            ) : (
              props.children(loaded)
            )
          }
        </QueryState>
      </div>
    </figure>
  );
}
