/** The explorer's queries as the address holds them, and as the API takes them. */

import type { components } from "@/api/schema";
import { type Expression, type MetricQuery, metricQuery } from "@/charts/metricQuery";
import { statisticUnit } from "@/charts/units";
import { Invalid } from "@/url/params";

type MetricSource = components["schemas"]["MetricSource"];
export const OPERATORS = ["=", "!=", "=~", "!~"] as const;
export type Operator = (typeof OPERATORS)[number];
export type Where = readonly [label: string, operator: Operator, value: string];

export interface Query {
  id: string;
  metric: string;
  statistic: string;
  where: readonly Where[];
  by: readonly string[];
  /** Most series to show. */
  top: number;
  hidden?: boolean;
}

export interface Formula {
  id: string;
  expression: string;
  hidden?: boolean;
}

export interface Plan {
  queries: readonly Query[];
  formulas: readonly Formula[];
}

export const EMPTY: Plan = { queries: [], formulas: [] };
export const MAX_QUERIES = 12;
export const DEFAULT_TOP = 20;
const MAX_TOP = 500;
const ID = /^[a-z][A-Za-z0-9_]{0,30}$/;

type Json = Record<string, unknown>;
const isText = (value: unknown, most = 1024): value is string =>
  typeof value === "string" && value.length <= most;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Read a plan from the address; what is not one is refused with the reason. */
export function checkPlan(value: unknown): Plan | Invalid {
  if (!isObject(value)) return new Invalid("it is not a list of queries");
  const queries = listOf(value.queries).map(readQuery);
  const formulas = listOf(value.formulas).map(readFormula);
  if (queries.length + formulas.length > MAX_QUERIES) {
    return new Invalid(`it has more than ${MAX_QUERIES} queries`);
  }
  const all = [...queries, ...formulas];
  if (all.some((one) => one === null)) return new Invalid("one of its queries is not understood");
  const ids = all.map((one) => one?.id);
  if (new Set(ids).size < ids.length) return new Invalid("two queries have the same name");
  return { queries: queries as Query[], formulas: formulas as Formula[] };
}

function readQuery(value: unknown): Query | null {
  if (!isObject(value) || !isText(value.metric) || !value.metric) return null;
  const { id, metric, statistic = "Average", top = DEFAULT_TOP } = value;
  const where = listOf(value.where).map(readWhere);
  const by = listOf(value.by);
  const good =
    isText(id) &&
    ID.test(id) &&
    isText(statistic, 64) &&
    Number.isInteger(top) &&
    (top as number) >= 1 &&
    (top as number) <= MAX_TOP &&
    where.every((one) => one !== null) &&
    by.length <= 20 &&
    by.every((one) => isText(one) && one !== "");
  if (!good) return null;
  return {
    id: id as string,
    metric,
    statistic: statistic as string,
    where: where as Where[],
    by: by as string[],
    top: top as number,
    ...(value.hidden === true ? { hidden: true } : {}),
  };
}

function readWhere(value: unknown): Where | null {
  if (!Array.isArray(value) || value.length !== 3) return null;
  const [label, operator, text] = value as unknown[];
  const good =
    isText(label) && label !== "" && OPERATORS.includes(operator as Operator) && isText(text);
  return good ? [label, operator as Operator, text] : null;
}

function readFormula(value: unknown): Formula | null {
  if (!isObject(value)) return null;
  const { id, expression } = value;
  if (!isText(id) || !ID.test(id) || !isText(expression, 16_384)) return null;
  return { id, expression, ...(value.hidden === true ? { hidden: true } : {}) };
}

/** The first free name of a series such as m1, m2. */
export function freeId(plan: Plan, letter: "m" | "e"): string {
  const taken = new Set([...plan.queries, ...plan.formulas].map((one) => one.id));
  for (let number = 1; ; number++) {
    if (!taken.has(`${letter}${number}`)) return `${letter}${number}`;
  }
}

const BEFORE = "_before";

/** What to ask the API; with `shift`, everything once more for the period before. */
export function bodyOf({ queries, formulas }: Plan, shift: string): (MetricQuery | Expression)[] {
  const written = formulas.filter((one) => one.expression.trim());
  const ids = [...queries, ...written].map((one) => one.id);
  const asked = (suffix: string, by: string): (MetricQuery | Expression)[] => [
    ...queries.map((one) =>
      metricQuery(one.id + suffix, one.metric, {
        statistic: one.statistic,
        matchers: one.where.map(([label, operator, value]) => ({ label, operator, value })),
        group_by: [...one.by],
        top: { count: one.top, by: "avg", bottom: false },
        hidden: one.hidden ?? false,
        shift: by,
      }),
    ),
    ...written.map((one) => ({
      id: one.id + suffix,
      label: "",
      hidden: one.hidden ?? false,
      expression: suffix ? renamed(one.expression, ids, suffix) : one.expression,
    })),
  ];
  return shift ? [...asked("", ""), ...asked(BEFORE, shift)] : asked("", "");
}

/** An expression with its ids renamed; texts in quotes stay as they are. */
export function renamed(expression: string, ids: readonly string[], suffix: string): string {
  const known = new Set(ids);
  return expression.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/g, (found) =>
    known.has(found) ? found + suffix : found,
  );
}

/** Whose result it is: the id in the plan, and whether it is of the period before. */
export function ownerOf(id: string): { id: string; before: boolean } {
  const before = id.endsWith(BEFORE);
  return { id: before ? id.slice(0, -BEFORE.length) : id, before };
}

/** The unit of a result; an expression has that of its only query where it does not change it. */
export function unitOf(plan: Plan, id: string, unit: string): string {
  const query = plan.queries.find((one) => one.id === id);
  return query ? statisticUnit(unit, query.statistic, query.metric) : unit;
}

/** A query's selector, as `GET /metrics/exemplars` takes it. */
export function selectorOf({ metric, where }: Pick<Query, "metric" | "where">): string {
  const escaped = (value: string) =>
    value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  const name = (label: string) => (/^[A-Za-z_][\w.]*$/.test(label) ? label : `"${escaped(label)}"`);
  const matchers = where.map(
    ([label, operator, value]) => `${name(label)}${operator}"${escaped(value)}"`,
  );
  return matchers.length ? `${metric}{${matchers.join(",")}}` : metric;
}

/** An alarm's source that watches one row of the explorer, with what its expression is made of. */
export function alarmSource(plan: Plan, id: string): MetricSource {
  const formula = plan.formulas.some((one) => one.id === id);
  const kept = formula
    ? plan
    : { queries: plan.queries.filter((one) => one.id === id), formulas: [] };
  return { type: "metric", queries: bodyOf(kept, ""), of: formula ? id : "" };
}
