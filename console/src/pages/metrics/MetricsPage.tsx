import { Button, Group, SegmentedControl, Select, Switch } from "@mantine/core";
import { IconLayoutDashboard, IconMathFunction, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useMetrics } from "@/charts/metricQuery";
import { PageHeader } from "@/components/PageHeader";
import { Empty } from "@/components/QueryState";
import { type ValueActions, ValueActionsProvider } from "@/components/ValueMenu";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import { flag, json, oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Catalogue } from "./Catalogue";
import { FormulaRow } from "./FormulaRow";
import classes from "./metrics.module.css";
import { Panels } from "./Panels";
import {
  bodyOf,
  checkPlan,
  DEFAULT_TOP,
  EMPTY,
  type Formula,
  freeId,
  MAX_QUERIES,
  type Plan,
  type Query,
} from "./plan";
import { QueryRow } from "./QueryRow";
import { shiftOf } from "./shape";

const AddToDashboard = lazy(() => import("../dashboards/AddToDashboard"));
const COMPARISONS = ["", "period", "1h", "1d", "7d"] as const;
const PARAMS = {
  m: json<Plan>(EMPTY, checkPlan),
  find: text(),
  /** What a new query is limited to, as a service's page asks. */
  service: text(),
  compare: oneOf(COMPARISONS, ""),
  kind: oneOf(["line", "area", "stack", "bars"], "line"),
  log: flag(),
  exemplars: flag(),
  /** What is usual for the first series. */
  band: flag(),
};

export default function MetricsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const [adding, setAdding] = useState(false);
  const { can } = useSession();
  const { query: range, start, end } = useTimeRange();
  const plan = url.m;
  const change = (next: Plan) => setUrl({ m: next });
  const body = useMemo(
    () => bodyOf(plan, shiftOf(url.compare, start, end)),
    [plan, url.compare, start, end],
  );
  const answer = useMetrics(body, range, { enabled: body.length > 0 });
  const full = plan.queries.length + plan.formulas.length >= MAX_QUERIES;

  const add = (metric: string, statistic: string) => {
    const where = url.service ? ([["service", "=", url.service]] as const) : [];
    const query: Query = {
      id: freeId(plan, "m"),
      metric,
      statistic,
      where,
      by: [],
      top: DEFAULT_TOP,
    };
    change({ ...plan, queries: [...plan.queries, query] });
  };
  const setQuery = (id: string, next: Query | null) =>
    change({
      ...plan,
      queries: plan.queries.flatMap((one) => (one.id === id ? (next ?? []) : one)),
    });
  const setFormula = (id: string, next: Formula | null) =>
    change({
      ...plan,
      formulas: plan.formulas.flatMap((one) => (one.id === id ? (next ?? []) : one)),
    });
  const actions = useMemo<ValueActions>(() => ({}), []);
  return (
    <ValueActionsProvider actions={actions}>
      <PageHeader title="Metrics" />
      <div className={classes.grid}>
        <Catalogue
          find={url.find}
          onFind={(find) => setUrl({ find }, { replace: true })}
          used={plan.queries.map((one) => one.metric)}
          onAdd={full ? undefined : add}
        />
        <div className={classes.main}>
          <div className={classes.queries}>
            {plan.queries.map((one) => (
              <QueryRow
                key={one.id}
                query={one}
                onChange={(next) => setQuery(one.id, next)}
                error={answer.error}
              />
            ))}
            {plan.formulas.map((one) => (
              <FormulaRow
                key={one.id}
                formula={one}
                onChange={(next) => setFormula(one.id, next)}
                error={answer.error}
              />
            ))}
          </div>
          {plan.queries.length > 0 && (
            <Group gap={8} pb={8}>
              <Button
                variant="default"
                leftSection={<IconPlus size={14} />}
                disabled={full}
                onClick={() => {
                  const last = plan.queries.at(-1) as Query;
                  change({
                    ...plan,
                    queries: [...plan.queries, { ...last, id: freeId(plan, "m") }],
                  });
                }}
              >
                Query
              </Button>
              <Button
                variant="default"
                leftSection={<IconMathFunction size={14} />}
                disabled={full}
                onClick={() => {
                  const formula = { id: freeId(plan, "e"), expression: "" };
                  change({ ...plan, formulas: [...plan.formulas, formula] });
                }}
              >
                Expression
              </Button>
              <SegmentedControl
                aria-label="Draw as"
                value={url.kind}
                onChange={(kind) => setUrl({ kind: kind as typeof url.kind }, { replace: true })}
                data={[
                  { value: "line", label: "Lines" },
                  { value: "area", label: "Areas" },
                  { value: "stack", label: "Stacked" },
                  { value: "bars", label: "Bars" },
                ]}
              />
              <Select
                aria-label="Compare with"
                w={170}
                value={url.compare}
                allowDeselect={false}
                onChange={(compare) => setUrl({ compare: (compare ?? "") as typeof url.compare })}
                data={[
                  { value: "", label: "No comparison" },
                  { value: "period", label: "The period before" },
                  { value: "1h", label: "An hour before" },
                  { value: "1d", label: "A day before" },
                  { value: "7d", label: "A week before" },
                ]}
              />
              <Switch
                size="xs"
                label="Logarithmic"
                checked={url.log}
                onChange={(event) =>
                  setUrl({ log: event.currentTarget.checked }, { replace: true })
                }
              />
              <Switch
                size="xs"
                label="Exemplars"
                checked={url.exemplars}
                onChange={(event) => setUrl({ exemplars: event.currentTarget.checked })}
              />
              <Switch
                size="xs"
                label="What is usual"
                checked={url.band}
                onChange={(event) => setUrl({ band: event.currentTarget.checked })}
              />
              {can("catalog:write") && (
                <Button
                  variant="default"
                  leftSection={<IconLayoutDashboard size={14} />}
                  onClick={() => setAdding(true)}
                >
                  Add to dashboard
                </Button>
              )}
            </Group>
          )}
          <Suspense>
            {adding && (
              <AddToDashboard
                source={{ type: "metric", queries: bodyOf(plan, "") as never }}
                type="timeseries"
                title={plan.queries[0]?.metric ?? ""}
                onClose={() => setAdding(false)}
              />
            )}
          </Suspense>
          {plan.queries.length === 0 ? (
            <Empty title="Choose a metric">
              {url.service ? `Queries are limited to the service ${url.service}. ` : ""}
              The list has all that were sent in the time range; a click draws one.
            </Empty>
          ) : (
            <Panels
              plan={plan}
              answer={answer}
              kind={url.kind}
              log={url.log}
              exemplars={url.exemplars}
              band={url.band}
            />
          )}
        </div>
      </div>
    </ValueActionsProvider>
  );
}
