import { ActionIcon, Group, Select, Skeleton, Text, UnstyledButton } from "@mantine/core";
import {
  IconChevronDown,
  IconChevronRight,
  IconEqual,
  IconEqualNot,
  IconX,
} from "@tabler/icons-react";
import { useState } from "react";
import type { GetPath } from "@/api/client";
import { asApiError } from "@/api/errors";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { split, writeTerm } from "@/search/terms";
import { levelColor, serviceColor } from "@/theme/colors";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./Facets.module.css";
import { ErrorPanel, Partial } from "./QueryState";

interface Props {
  signal: "logs" | "spans";
  search: string;
  /** Keys that are always offered, the first of them opened. */
  keys: readonly string[];
  /** Keys that the user has added. */
  added: readonly string[];
  onAdded: (keys: readonly string[]) => void;
  onFilter: (term: string) => void;
  /** Wait with counting: what is more urgent is on its way. */
  hold?: boolean;
}

type View = components["schemas"]["FacetsView"];
const CLOSED_KEY = "vedette-facets-closed";

/** The most frequent values of keys among the matching records; each can be filtered by. */
export function Facets({ signal, search, keys, added, onAdded, onFilter, hold = false }: Props) {
  const { query: range } = useTimeRange();
  const [closed, setClosed] = useState(readClosed);
  const [more, setMore] = useState<readonly string[]>([]);
  const all = [...new Set([...keys, ...added])].slice(0, 20);
  const open = all.filter((key) => !closed.includes(key));
  const path = (signal === "logs" ? "/api/v1/logs/facets" : "/api/v1/spans/facets") as GetPath;
  const few = useGet<GetPath, View>(
    path,
    {
      params: {
        query: { ...range, q: search, key: open.filter((key) => !more.includes(key)), values: 8 },
      },
    },
    { enabled: !hold && open.some((key) => !more.includes(key)) },
  );
  const many = useGet<GetPath, View>(
    path,
    {
      params: {
        query: { ...range, q: search, key: open.filter((key) => more.includes(key)), values: 50 },
      },
    },
    { enabled: !hold && open.some((key) => more.includes(key)) },
  );
  const found = new Map(
    [...(few.data?.facets ?? []), ...(many.data?.facets ?? [])].map((item) => [item.key, item]),
  );
  const toggle = (key: string) => {
    const next = closed.includes(key) ? closed.filter((item) => item !== key) : [...closed, key];
    setClosed(next);
    storeClosed(next);
  };
  return (
    <section className={classes.facets} aria-label="Facets">
      {few.error && few.error.position === null && (
        <ErrorPanel error={few.error} onRetry={() => void few.refetch()} />
      )}
      {(few.data?.counted ?? 0) >= 1_000_000 && (
        <Partial>Counted over the newest million records</Partial>
      )}
      {all.map((key) => (
        <div key={key} className={classes.facet}>
          <Group gap={2} wrap="nowrap" className={classes.head}>
            <UnstyledButton
              className={classes.name}
              onClick={() => toggle(key)}
              aria-expanded={open.includes(key)}
            >
              {open.includes(key) ? <IconChevronDown size={13} /> : <IconChevronRight size={13} />}
              <span className="one-line">{key}</span>
              {found.get(key) && open.includes(key) && (
                <span className={classes.distinct}>{formatCount(found.get(key)?.distinct)}</span>
              )}
            </UnstyledButton>
            {added.includes(key) && (
              <ActionIcon
                size="xs"
                aria-label={`Remove the facet ${key}`}
                onClick={() => onAdded(added.filter((item) => item !== key))}
              >
                <IconX size={12} />
              </ActionIcon>
            )}
          </Group>
          {open.includes(key) && (
            <Values
              facet={found.get(key)}
              name={key}
              search={search}
              waiting={hold || few.isFetching || many.isFetching}
              onFilter={onFilter}
              onMore={more.includes(key) ? undefined : () => setMore([...more, key])}
            />
          )}
        </div>
      ))}
      <AddFacet signal={signal} taken={all} onAdd={(key) => onAdded([...added, key])} />
    </section>
  );
}

interface ValuesProps {
  facet: components["schemas"]["FacetView"] | undefined;
  name: string;
  search: string;
  waiting: boolean;
  onFilter: (term: string) => void;
  onMore?: () => void;
}

function Values({ facet, name, search, waiting, onFilter, onMore }: ValuesProps) {
  if (!facet) {
    return waiting ? (
      <div className={classes.values} aria-busy="true">
        <Skeleton height={12} mb={6} />
        <Skeleton height={12} width="70%" mb={6} />
      </div>
    ) : null;
  }
  const most = facet.values[0]?.count ?? 1;
  const terms = new Set(split(search).map((piece) => piece.text));
  if (!facet.values.length) {
    return (
      <Text size="xs" c="dimmed" className={classes.values}>
        No record has it
      </Text>
    );
  }
  return (
    <ul className={classes.values}>
      {facet.values.map(({ value, count }) => {
        const term = writeTerm(name, value);
        const on = terms.has(term);
        return (
          <li
            key={value}
            className={classes.value}
            data-on={on || undefined}
            data-off={terms.has(`-${term}`) || undefined}
          >
            <button
              type="button"
              className={classes.main}
              onClick={() => onFilter(term)}
              aria-pressed={on}
              title={`Only ${name}: ${value.slice(0, 300)}`}
            >
              <span
                className={classes.bar}
                style={{ width: `${Math.max(2, (100 * count) / most)}%` }}
                aria-hidden
              />
              <Dot name={name} value={value} />
              <span className={classes.text}>{value}</span>
              <span className={classes.count}>{short(count)}</span>
            </button>
            <span className={classes.pair}>
              <ActionIcon
                size={20}
                aria-label={`Only ${value.slice(0, 80)}`}
                onClick={() => onFilter(term)}
              >
                <IconEqual size={12} />
              </ActionIcon>
              <ActionIcon
                size={20}
                aria-label={`Without ${value.slice(0, 80)}`}
                onClick={() => onFilter(`-${term}`)}
              >
                <IconEqualNot size={12} />
              </ActionIcon>
            </span>
          </li>
        );
      })}
      {onMore && facet.distinct > facet.values.length && (
        <li>
          <UnstyledButton className={classes.more} onClick={onMore}>
            {formatCount(facet.distinct - facet.values.length)} more
          </UnstyledButton>
        </li>
      )}
    </ul>
  );
}

function Dot({ name, value }: { name: string; value: string }) {
  if (name !== "level" && name !== "service") return null;
  const color = name === "service" ? serviceColor(value) : levelColor(normal(value));
  return <span className={classes.dot} style={{ background: color }} aria-hidden />;
}

/** The level that a severity's text most likely means, for its colour alone. */
function normal(text: string): string {
  const lower = text.toLowerCase();
  if (lower.startsWith("warn")) return "warn";
  if (lower.startsWith("err")) return "error";
  if (lower.startsWith("crit") || lower.startsWith("emerg")) return "fatal";
  return lower.startsWith("info") || lower === "notice" ? "info" : lower;
}

function AddFacet({
  signal,
  taken,
  onAdd,
}: {
  signal: "logs" | "spans";
  taken: readonly string[];
  onAdd: (key: string) => void;
}) {
  const { query: range } = useTimeRange();
  const [asked, setAsked] = useState(false);
  const path = (signal === "logs" ? "/api/v1/logs/keys" : "/api/v1/spans/keys") as GetPath;
  // Asked for once somebody looks: the records are more urgent.
  const { data, error } = useGet<GetPath, components["schemas"]["KnownKeys"]>(
    path,
    { params: { query: { ...range } } },
    { enabled: asked },
  );
  const keys = (data?.keys ?? []).map(({ key }) => key).filter((key) => !taken.includes(key));
  return (
    <Select
      className={classes.add}
      aria-label="Add a facet"
      placeholder="Add a facet…"
      searchable
      onFocus={() => setAsked(true)}
      nothingFoundMessage={data ? "No other key" : error ? asApiError(error).message : "Loading…"}
      data={keys}
      value={null}
      onChange={(key) => key && onAdd(key)}
      maxDropdownHeight={320}
      limit={100}
    />
  );
}

/** 12345 as 12k. */
export function short(count: number): string {
  return Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

function readClosed(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(CLOSED_KEY) ?? "[]");
    return Array.isArray(stored) ? stored.map(String) : [];
  } catch {
    return [];
  }
}

function storeClosed(keys: readonly string[]): void {
  try {
    localStorage.setItem(CLOSED_KEY, JSON.stringify(keys));
  } catch {
    // It then holds for this page alone.
  }
}
