import { useEffect, useState } from "react";
import { client, unwrap } from "@/api/client";
import { formatCount } from "@/charts/units";
import { useTimeRange } from "@/time/TimeProvider";
import { type BuiltIn, builtInFields, type Signal, toPoints, toUnits } from "./fields";
import { writeField, writeValue } from "./terms";

export interface Suggestion {
  /** What is shown. */
  label: string;
  /** What is put in, over `start` to `end`. */
  insert: string;
  about: string;
  kind: "field" | "value" | "operator";
}

export interface Suggestions {
  items: readonly Suggestion[];
  start: number;
  end: number;
}

const NONE: Suggestions = { items: [], start: 0, end: 0 };
const PAUSE_MS = 120;
const MOST = 12;

type Range = { start: string; end: string };

/** What could be typed at the cursor, from the server; empty while `active` is false. */
export function useSuggestions(
  signal: Signal,
  text: string,
  cursor: number,
  active: boolean,
): Suggestions {
  const { query } = useTimeRange();
  const { start, end } = query;
  const [found, setFound] = useState(NONE);
  useEffect(() => {
    if (!active) {
      setFound(NONE);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      suggest(signal, text, cursor, { start, end }, abort.signal).then(setFound, () => {
        // Completion is a convenience: without it one types on.
        if (!abort.signal.aborted) setFound(NONE);
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [signal, text, cursor, active, start, end]);
  return found;
}

export async function suggest(
  signal: Signal,
  text: string,
  cursor: number,
  range: Range,
  abort?: AbortSignal,
): Promise<Suggestions> {
  const place = await unwrap(
    client.GET("/api/v1/complete", {
      params: { query: { text, cursor: toPoints(text, cursor) } },
      signal: abort,
    }),
  );
  const expects: readonly string[] = place.expects;
  const items: Suggestion[] = [];
  if (expects.includes("operator") && !place.prefix) items.push(...OPERATORS);
  if (expects.includes("value") && place.field) {
    items.push(...(await values(signal, place.field, place.prefix, range, abort)));
  } else if (expects.includes("field")) {
    items.unshift(...(await fields(signal, place.prefix, range, abort)));
  }
  return {
    items: items.slice(0, MOST),
    start: toUnits(text, place.start),
    end: toUnits(text, place.end),
  };
}

const OPERATORS: readonly Suggestion[] = ["OR", "NOT"].map((word) => ({
  label: word,
  insert: `${word} `,
  about: "operator",
  kind: "operator",
}));

async function fields(
  signal: Signal,
  prefix: string,
  range: Range,
  abort?: AbortSignal,
): Promise<Suggestion[]> {
  const path = signal === "logs" ? "/api/v1/logs/keys" : "/api/v1/spans/keys";
  const known = builtInFields(signal).filter(({ name }) => name.startsWith(prefix.toLowerCase()));
  const { keys } = await unwrap(
    client.GET(path, { params: { query: { prefix, ...range } }, signal: abort }),
  );
  const own: Suggestion[] = known.map(({ name, about }) => field(name, about));
  const taken = new Set(known.map(({ name }) => name));
  const others = keys.filter(({ key }) => !taken.has(key));
  const shown = prefix ? own : own.slice(0, MOST / 2);
  return [...shown, ...others.map(({ key, count }) => field(key, `${formatCount(count)}`))];
}

const field = (name: string, about: string): Suggestion => ({
  label: name,
  insert: `${writeField(name)}:`,
  about,
  kind: "field",
});

async function values(
  signal: Signal,
  name: string,
  prefix: string,
  range: Range,
  abort?: AbortSignal,
): Promise<Suggestion[]> {
  const known = builtInFields(signal).find((item) => item.name === name);
  if (known && Array.isArray(known.values)) {
    return known.values
      .filter((value: string) => value.toLowerCase().startsWith(prefix.toLowerCase()))
      .map((value: string) => ({ label: value, insert: `${value} `, about: "", kind: "value" }));
  }
  const found = known
    ? await counted(signal, known, range, abort)
    : await attributeValues(signal, name, prefix, range, abort);
  return found
    .filter(({ value }) => value.toLowerCase().includes(prefix.toLowerCase()))
    .map(({ value, count }) => ({
      label: value,
      insert: `${writeValue(value)} `,
      about: formatCount(count),
      kind: "value",
    }));
}

interface Counted {
  value: string;
  count: number;
}

async function counted(
  signal: Signal,
  known: BuiltIn,
  range: Range,
  abort?: AbortSignal,
): Promise<Counted[]> {
  if (known.values !== "counted") return [];
  const path = signal === "logs" ? "/api/v1/logs/facets" : "/api/v1/spans/facets";
  const answer = await unwrap(
    client.GET(path, {
      params: { query: { key: [known.name], values: 50, ...range } },
      signal: abort,
    }),
  );
  return answer.facets[0]?.values ?? [];
}

async function attributeValues(
  signal: Signal,
  key: string,
  prefix: string,
  range: Range,
  abort?: AbortSignal,
): Promise<Counted[]> {
  const path = signal === "logs" ? "/api/v1/logs/values" : "/api/v1/spans/values";
  const answer = await unwrap(
    client.GET(path, {
      params: { query: { key: key.replace(/^(resource|attributes)\./, ""), prefix, ...range } },
      signal: abort,
    }),
  );
  return answer.values;
}
