import { ActionIcon, Button, Drawer, Group, SegmentedControl, Tooltip } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { IconFilter, IconSortAscending, IconSortDescending } from "@tabler/icons-react";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { asApiError } from "@/api/errors";
import { Facets } from "@/components/Facets";
import { PageHeader } from "@/components/PageHeader";
import { type ValueActions, ValueActionsProvider } from "@/components/ValueMenu";
import { Pills, SearchBox } from "@/search/SearchBox";
import { addTerm, removeTerm, split, writeTerm } from "@/search/terms";
import { useUrlState } from "@/url/state";
import { Columns } from "./Columns";
import { ExportMenu } from "./ExportMenu";
import { useLogHistogram } from "./histogram";
import { LogHistogram } from "./LogHistogram";
import classes from "./LogsPage.module.css";
import { Patterns } from "./Patterns";
import { PARAMS, type View } from "./params";
import { Records } from "./Records";
import { Tail } from "./Tail";

const Pipe = lazy(() => import("./PipeView"));
const FACETS = ["level", "service", "host"] as const;
const VIEWS: { value: View; label: string }[] = [
  { value: "records", label: "Records" },
  { value: "patterns", label: "Patterns" },
  { value: "tail", label: "Live tail" },
  { value: "query", label: "Query" },
];

export default function LogsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const narrow = useMediaQuery("(max-width: 62em)");
  const [drawer, { open, close }] = useDisclosure();
  const { q, col, view, order, facet } = url;
  const setSearch = useCallback((text: string) => setUrl({ q: text, sel: "" }), [setUrl]);
  const searching = view !== "query";
  const [answered, setAnswered] = useState(false);
  const histogram = useLogHistogram(q, view === "records" || view === "patterns");

  const actions = useMemo<ValueActions>(() => {
    const add = (term: string) => setUrl({ q: addTerm(q, term), sel: "" });
    return {
      include: (field, value) => add(writeTerm(field, value)),
      exclude: (field, value) => add(writeTerm(field, value, { not: true })),
      groupBy: (field) => setUrl({ view: "query", pipe: countBy(field, q) }),
      addColumn: (field) => setUrl({ col: [...new Set([...col, field])] }),
    };
  }, [q, col, setUrl]);
  // A second click on a facet's value takes its filter out again.
  const filter = (term: string) => {
    const present = split(q).some((piece) => piece.text === term);
    setSearch(present ? removeTerm(q, term) : addTerm(q, term));
  };
  const facets = (
    <Facets
      signal="logs"
      search={q}
      keys={FACETS}
      added={facet}
      hold={view === "records" && !answered}
      onAdded={(keys) => setUrl({ facet: keys })}
      onFilter={filter}
    />
  );
  const beside = searching && view !== "tail";
  return (
    <ValueActionsProvider actions={actions}>
      <div className={classes.page}>
        <PageHeader title="Logs" actions={<ExportMenu q={q} />} />
        <Group gap={8} px="md" pb={8} wrap="wrap" className={classes.bar}>
          {searching && (
            <SearchBox
              signal="logs"
              value={q}
              onChange={setSearch}
              error={histogram.error ? asApiError(histogram.error) : null}
            />
          )}
          <Group gap={4} wrap="nowrap" className={classes.tools}>
            {beside && narrow && (
              <Button variant="default" leftSection={<IconFilter size={14} />} onClick={open}>
                Facets
              </Button>
            )}
            {(view === "records" || view === "tail") && (
              <Columns columns={col} onChange={(columns) => setUrl({ col: columns })} />
            )}
            {view === "records" && (
              <Order order={order} onOrder={(next) => setUrl({ order: next })} />
            )}
          </Group>
          <SegmentedControl
            data={VIEWS}
            value={view}
            onChange={(next) => setUrl({ view: next as View })}
            aria-label="View"
            className={classes.views}
          />
        </Group>
        {searching && q && (
          <div className={classes.pills}>
            <Pills value={q} onChange={setSearch} />
          </div>
        )}
        {beside && <LogHistogram query={histogram} q={q} />}
        <div className={classes.body}>
          {beside && !narrow && <aside className={classes.aside}>{facets}</aside>}
          <div className={classes.main}>
            {view === "records" && <Records url={url} setUrl={setUrl} onAnswered={setAnswered} />}
            {view === "patterns" && (
              <Patterns
                q={q}
                compare={url.compare}
                onCompare={(compare) => setUrl({ compare })}
                onSearch={setSearch}
              />
            )}
            {view === "tail" && (
              <Tail q={q} columns={col} onColumns={(columns) => setUrl({ col: columns })} />
            )}
            {view === "query" && (
              <Suspense>
                <Pipe pipe={url.pipe} q={q} onPipe={(pipe) => setUrl({ pipe })} />
              </Suspense>
            )}
          </div>
        </div>
      </div>
      <Drawer opened={drawer && Boolean(narrow)} onClose={close} title="Facets" size="xs">
        {facets}
      </Drawer>
    </ValueActionsProvider>
  );
}

function Order({ order, onOrder }: { order: string; onOrder: (order: "asc" | "desc") => void }) {
  const newest = order === "desc";
  const said = newest ? "Newest first" : "Oldest first";
  return (
    <Tooltip label={said}>
      <ActionIcon
        size={30}
        variant="default"
        aria-label={`${said}; turn around`}
        onClick={() => onOrder(newest ? "asc" : "desc")}
      >
        {newest ? <IconSortDescending size={16} /> : <IconSortAscending size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** A query that counts records by a field, over the search that holds now. */
export function countBy(field: string, q: string): string {
  const name = /^[A-Za-z_][\w.]*$/.test(field) ? field : `\`${field.replaceAll("`", "")}\``;
  const search = q.trim() ? `search ${JSON.stringify(q.trim())} | ` : "";
  return `${search}stats count(*) as records by ${name} | sort records desc | limit 50`;
}
