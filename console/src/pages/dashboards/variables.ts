/** Variables in queries: each language gets a value in its own form of text, never as code. */

import type { components } from "@/api/schema";
import { isAsked, type Panel, type Source, type Variable } from "./model";

type QueryBody = components["schemas"]["MetricQueryBody"] | components["schemas"]["ExpressionBody"];

/** Chosen values by variable; an empty list stands for all. */
export type Values = Readonly<Record<string, readonly string[]>>;

const PLACEHOLDER = /\$(?:\{(\w+)(?::(\w+))?\}|([A-Za-z]\w*))/g;
/** What may stand in a query without quotes. */
const HARMLESS = /^[\w.:-]{1,200}$/;
export const PREFIX = "var-";

/** A value that cannot be put into a query as it is. */
export class VariableError extends Error {}

function replaced(
  text: string,
  values: Values,
  write: (values: readonly string[], raw: boolean, name: string) => string,
): string {
  return text.replace(PLACEHOLDER, (found, braced, format, plain) => {
    const name = braced ?? plain;
    const chosen = Object.hasOwn(values, name) ? values[name] : undefined;
    return chosen ? write(chosen, format === "raw", name) : found;
  });
}

function raw(values: readonly string[], name: string): string {
  if (values.every((one) => HARMLESS.test(one))) return values.join(",");
  throw new VariableError(
    `$${name} stands without quotes: its value may have letters, digits, . : _ -`,
  );
}

/** For people: titles and texts. */
export function inText(text: string, values: Values): string {
  return replaced(text, values, (chosen) => (chosen.length ? chosen.join(", ") : "all"));
}

const quoteRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** For a label's expression (=~): alternatives; all is anything. */
export function inRegex(text: string, values: Values): string {
  return replaced(text, values, (chosen) =>
    chosen.length === 0
      ? ".*"
      : chosen.length === 1
        ? quoteRegex(chosen[0] as string)
        : `(?:${chosen.map(quoteRegex).join("|")})`,
  );
}

/** For the search box: `service:$service` becomes `service:("a" OR "b")`, or `service:*` for all. */
export function inSearch(text: string, values: Values): string {
  const quoted = (value: string) => `"${value.replace(/[\\"]/g, "\\$&")}"`;
  return replaced(text, values, (chosen, isRaw, name) => {
    if (isRaw) return raw(chosen, name);
    if (chosen.length === 0) return "*";
    return chosen.length === 1
      ? quoted(chosen[0] as string)
      : `(${chosen.map(quoted).join(" OR ")})`;
  });
}

const sqlText = (value: string): string => `'${value.replace(/[\\']/g, "\\$&")}'`;

/** For SQL and the pipe language: texts in quotes with commas between, as `in (...)` takes them. */
export function inStatement(text: string, values: Values): string {
  return replaced(text, values, (chosen, isRaw, name) => {
    if (isRaw) return raw(chosen, name);
    if (chosen.length === 0) {
      throw new VariableError(`$${name} has no value: choose one`);
    }
    return chosen.map(sqlText).join(", ");
  });
}

/** SQL with the range in it: see `SqlPanelQuery` of the API. */
export function inSql(
  text: string,
  values: Values,
  range: { start: string; end: string },
  interval: number,
): string {
  const moment = (iso: string) => `parseDateTime64BestEffort('${iso}', 9, 'UTC')`;
  const [from, to] = [moment(range.start), moment(range.end)];
  const timed = text
    .replace(
      /\$__timeFilter\(\s*([\w.`"]+)\s*\)/g,
      (_, column) => `(${column} >= ${from} AND ${column} < ${to})`,
    )
    .replace(/\$__(from|to|interval)\b/g, (_, what) =>
      what === "interval" ? String(interval) : what === "from" ? from : to,
    );
  return inStatement(timed, values);
}

function inMetric(query: QueryBody, values: Values): QueryBody {
  const label = query.label ? inText(query.label, values) : query.label;
  if ("expression" in query) {
    const expression = replaced(query.expression, values, (chosen, _, name) => raw(chosen, name));
    return { ...query, label, expression };
  }
  const plain = (text: string) => replaced(text, values, (chosen, _, name) => raw(chosen, name));
  return {
    ...query,
    label,
    metric: plain(query.metric),
    statistic: plain(query.statistic ?? "Average"),
    group_by: query.group_by?.map(plain) ?? query.group_by,
    matchers: (query.matchers ?? []).flatMap((one) => matcher(one, values)),
  };
}

type Matcher = components["schemas"]["MatcherBody"];

function matcher(one: Matcher, values: Values): Matcher[] {
  const only = /^\$(?:\{(\w+)(?::\w+)?\}|([A-Za-z]\w*))$/.exec(one.value);
  const name = only?.[1] ?? only?.[2] ?? "";
  const chosen = only && Object.hasOwn(values, name) ? values[name] : undefined;
  const negative = one.operator === "!=" || one.operator === "!~";
  // All of them: the condition says nothing.
  if (chosen?.length === 0) return negative ? [{ ...one, operator: "!=", value: "" }] : [];
  if (chosen && chosen.length > 1) {
    return [{ ...one, operator: negative ? "!~" : "=~", value: inRegex(one.value, values) }];
  }
  const expression = one.operator === "=~" || one.operator === "!~";
  const value = expression ? inRegex(one.value, values) : inText(one.value, values);
  return [{ ...one, value }];
}

/** A panel's query with the values in it. */
export function expanded(
  source: Source,
  values: Values,
  range: { start: string; end: string },
  interval: number,
): Source {
  switch (source.type) {
    case "metric":
    case "band":
      return { ...source, queries: source.queries.map((one) => inMetric(one, values)) as never };
    case "logs":
    case "spans":
      return { ...source, q: inSearch(source.q ?? "", values) };
    case "pipe":
      return { ...source, query: inStatement(source.query, values) };
    case "sql":
      return { ...source, sql: inSql(source.sql, values, range, interval) };
  }
}

/** The values of the address; what is not there has its default. */
export function chosenOf(
  variables: readonly Variable[],
  search: Readonly<Record<string, string | readonly string[] | undefined>>,
): Values {
  return Object.fromEntries(
    variables.map((one) => [one.name, valuesOf(one, search[PREFIX + one.name])]),
  );
}

function valuesOf(one: Variable, given: string | readonly string[] | undefined): readonly string[] {
  if (given !== undefined) {
    const list = (typeof given === "string" ? [given] : given).filter((text) => text !== "");
    const known = one.type === "list" ? list.filter((text) => one.values.includes(text)) : list;
    if (known.length || (one.all && list.length === 0))
      return one.multi ? known : known.slice(0, 1);
  }
  if (one.default.length) return one.multi ? one.default : one.default.slice(0, 1);
  if (one.all || one.type !== "list") return [];
  return one.values.slice(0, 1);
}

/** Panels with those that repeat a variable in place of them, one a value, side by side. */
export function repeated(panels: readonly Panel[], values: Values, most = 24): [Panel, Values][] {
  return panels.flatMap((panel): [Panel, Values][] => {
    const chosen = panel.repeat ? values[panel.repeat] : undefined;
    if (!chosen?.length) return [[panel, values]];
    const across = Math.min(chosen.length, 4);
    const w = Math.max(4, Math.floor(panel.place.w / across));
    const fit = Math.max(1, Math.floor(panel.place.w / w));
    return chosen.slice(0, most).map((value, at) => [
      {
        ...panel,
        id: at ? `${panel.id}~${at}` : panel.id,
        place: {
          ...panel.place,
          w,
          x: panel.place.x + (at % fit) * w,
          y: panel.place.y + Math.floor(at / fit) * panel.place.h,
        },
      },
      { ...values, [panel.repeat]: [value] },
    ]);
  });
}

/** Names of variables that a panel's query mentions. */
export function usedIn(panel: Panel): string[] {
  if (!isAsked(panel.query) && panel.type !== "text") return [];
  const text = JSON.stringify([panel.query, panel.title, panel.text]);
  return [...new Set([...text.matchAll(PLACEHOLDER)].map((found) => found[1] ?? found[3] ?? ""))];
}
