import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ApiError } from "@/api/errors";
import { useOpenPage } from "@/app/useOpenPage";
import { DefinitionEditor, type DefinitionEditorProps } from "./DefinitionEditor";
import { FindInput } from "./FindInput";
import { PageHeader } from "./PageHeader";
import { Empty, Partial, QueryState } from "./QueryState";
import classes from "./Standing.module.css";

interface Props<Data, Item> extends Omit<DefinitionEditorProps, "onDone"> {
  title: string;
  /** What several are called: `KPIs`. */
  several: string;
  /** The route of one's page, whose name is the parameter `name`. */
  page: { to: string; name: string };
  find: string;
  onFind: (find: string) => void;
  query: UseQueryResult<Data, ApiError>;
  itemsOf: (data: Data) => readonly Item[];
  /** What one is and how to make it, said where there is none, and how in code. */
  about: string;
  snippet: string;
  /** Draws those that are found. */
  children: (items: readonly Item[]) => ReactNode;
}

/** A page that lists what is defined: how many, a new one, a search by name. */
export function DefinitionsPage<Data extends { cursor?: string | null }, Item>(
  props: Props<Data, Item>,
) {
  const {
    title,
    several,
    page,
    find,
    onFind,
    query,
    itemsOf,
    about,
    snippet,
    children,
    ...editor
  } = props;
  const openPage = useOpenPage();
  const count = query.data && itemsOf(query.data).length;
  return (
    <>
      <PageHeader
        title={title}
        time={false}
        aside={count !== undefined && `${count}`}
        actions={
          <DefinitionEditor
            {...editor}
            onDone={(name) => openPage(page.to, { params: { [page.name]: name } })}
          />
        }
      />
      <div className={classes.tools}>
        <FindInput
          label={`Search ${several} by name`}
          placeholder={`Search ${several}`}
          value={find}
          onFind={onFind}
        />
      </div>
      {query.data?.cursor && <Partial>Only the first {count} are shown: search by name.</Partial>}
      <QueryState
        query={query}
        isEmpty={(data) => itemsOf(data).length === 0}
        empty={
          <Empty
            title={
              find ? `No ${editor.what} has this in its name` : `There is no ${editor.what} yet`
            }
            snippet={snippet}
          >
            {about}
          </Empty>
        }
        height={240}
      >
        {(data) => children(itemsOf(data))}
      </QueryState>
    </>
  );
}
