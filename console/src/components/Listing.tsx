import { Table, type TableProps, type TableThProps, VisuallyHidden } from "@mantine/core";
import { createElement, type ReactNode } from "react";
import classes from "./Listing.module.css";

/** The text of a head, or a head's properties; what is false or missing has no column. */
export type Column = string | TableThProps | false | null | undefined;

/** Head of a column of numbers. */
export const numeric = (children: ReactNode): TableThProps => ({
  children,
  className: "number",
});

/** Head of the column of what can be done with a row. */
export const ACTIONS: TableThProps = { children: <VisuallyHidden>actions</VisuallyHidden> };

/** Makes heads that sort: by `ascending` upwards, by all others downwards. */
export function sorter<Name extends string>(
  by: Name,
  ascending: Name,
  onSort: (by: Name) => void,
): (name: Name, label: string) => TableThProps {
  return (name, label) => ({
    "aria-sort": by === name ? (name === ascending ? "ascending" : "descending") : undefined,
    children: (
      <button type="button" className={classes.sort} onClick={() => onSort(name)}>
        {label} {by === name && (name === ascending ? "↑" : "↓")}
      </button>
    ),
  });
}

interface ListingProps extends TableProps {
  /** Without them it has no head. */
  columns?: readonly Column[];
  caption?: string;
  /** Where there is less room it is scrolled sideways. */
  minWidth?: number;
  /** What is longer is scrolled. */
  maxHeight?: number;
  /** It stands on the page itself, not in a panel. */
  page?: boolean;
  /** Heads of little weight, for rows that are read more than compared. */
  dimHead?: boolean;
  /** Words that are too long for a cell are broken. */
  wrap?: boolean;
  /** The rows. */
  children: ReactNode;
}

/** A table; where it scrolls, the keyboard scrolls it too. */
export function Listing({
  columns,
  caption,
  minWidth,
  maxHeight,
  page,
  dimHead,
  wrap,
  className,
  children,
  ...rest
}: ListingProps) {
  const heads = columns?.map(
    (column) =>
      column && createElement(Table.Th, typeof column === "string" ? { children: column } : column),
  );
  const table = (
    <Table
      {...rest}
      className={[dimHead ? classes.dimHead : classes.table, wrap && classes.wrap, className]
        .filter(Boolean)
        .join(" ")}
    >
      {caption && <Table.Caption>{caption}</Table.Caption>}
      {heads && <Table.Thead>{createElement(Table.Tr, null, ...heads)}</Table.Thead>}
      <Table.Tbody>{children}</Table.Tbody>
    </Table>
  );
  if (minWidth === undefined) return table;
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      maxHeight={maxHeight}
      className={page ? classes.page : undefined}
      scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}
    >
      {table}
    </Table.ScrollContainer>
  );
}
