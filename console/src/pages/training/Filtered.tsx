import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ApiError } from "@/api/errors";
import { QueryState } from "@/components/QueryState";
import { FilterBox, isWrongFilter } from "./FilterBox";
import classes from "./training.module.css";

interface Props<Data> {
  filter: string;
  onFilter: (filter: string) => void;
  placeholder: string;
  label?: string;
  /** What else narrows the list, beside the filter. */
  tools?: ReactNode;
  query: UseQueryResult<Data, ApiError>;
  isEmpty: (data: Data) => boolean;
  empty: ReactNode;
  /** Look of what is around the list instead. */
  className?: string;
  children: (data: Data) => ReactNode;
}

/** A list below its filter; while the filter is wrong there is only the filter. */
export function Filtered<Data>(props: Props<Data>) {
  const { filter, onFilter, placeholder, label, tools, query, className, ...list } = props;
  return (
    <>
      <div className={classes.tools}>
        <FilterBox
          value={filter}
          onChange={onFilter}
          error={query.error}
          placeholder={placeholder}
          label={label}
        />
        {tools}
      </div>
      {!isWrongFilter(query.error) && (
        <div className={className ?? classes.body}>
          <QueryState query={query} {...list} />
        </div>
      )}
    </>
  );
}
