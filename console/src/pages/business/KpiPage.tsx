import { Select } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { useOpenPage } from "@/app/useOpenPage";
import { TimePanel } from "@/charts/TimePanel";
import { BandChart } from "@/components/BandChart";
import { DefinitionDelete, DefinitionEditor } from "@/components/DefinitionEditor";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import classes from "@/components/Standing.module.css";
import { useTimeRange } from "@/time/TimeProvider";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Standings } from "./standings";

const PARAMS = { by: text() };
type Values = components["schemas"]["ValuesView"];

const shape = (answer: Values) => ({
  times: answer.times,
  series: answer.series.map((one) => ({
    key: one.group || "value",
    label: one.group || "value",
    values: one.values,
  })),
});

export default function KpiPage() {
  const { kpi: name } = useParams({ strict: false }) as { kpi: string };
  const [url, setUrl] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const openPage = useOpenPage();
  const path = { name };
  const kpi = useGet("/api/v1/kpis/{name}", { params: { path } });
  const outlook = useGet("/api/v1/kpis/{name}/outlook", { params: { path, query: {} } });
  const values = useGet("/api/v1/kpis/{name}/values", {
    params: { path, query: { ...query, group_by: url.by } },
  });
  const unit = kpi.data?.spec.unit ?? "";
  const missing = values.data?.series.reduce((sum, one) => sum + one.missing, 0) ?? 0;
  return (
    <>
      <PageHeader
        title={name}
        aside={kpi.data?.spec.description}
        actions={
          kpi.data && (
            <>
              <DefinitionEditor
                what="KPI"
                kind="KPI"
                path="/api/v1/kpis"
                name={kpi.data.name}
                spec={kpi.data.spec}
                labels={kpi.data.labels}
              />
              <DefinitionDelete
                what="KPI"
                path="/api/v1/kpis"
                name={kpi.data.name}
                question="Its values stay; targets and forecasts go."
                onDone={() => openPage("/business/kpis")}
              />
            </>
          )
        }
      />
      <div className={classes.stack}>
        <Panel title="Targets and forecast">
          <QueryState
            query={outlook}
            isEmpty={(data) => data.past_times.length === 0}
            empty={
              <Empty title="There is no value yet" snippet={`vedette kpi push ${name} 42`}>
                Push a value, or wait for the next computation.
              </Empty>
            }
            height={260}
          >
            {(data) => (
              <div className={classes.text}>
                <Standings standings={data.standings} unit={unit} />
                <BandChart
                  label={`${name}: past values, forecast and its ${Math.round((data.bands[0]?.level ?? 0.8) * 100)} % band`}
                  unit={unit}
                  pastTimes={data.past_times.slice(-120)}
                  past={data.past.slice(-120)}
                  times={data.times}
                  expected={data.expected}
                  lower={data.bands[0]?.lower}
                  upper={data.bands[0]?.upper}
                />
                <p className="dimmed">
                  Dashed: the forecast (exponential smoothing
                  {data.season ? `, season of ${data.season} periods` : ", no season"}); shaded:
                  where 80 % of values are expected, from the errors of past forecasts.
                </p>
                {data.notes.map((note) => (
                  <Partial key={note}>{note}</Partial>
                ))}
              </div>
            )}
          </QueryState>
        </Panel>
        <TimePanel
          title="Values"
          description={`By ${kpi.data?.spec.every ?? "period"}; the newest of corrected values.`}
          query={values}
          shape={shape}
          unit={unit}
          empty={<Empty title="No value in this time range">Choose a longer range.</Empty>}
          actions={
            <Select
              aria-label="Group by a dimension"
              placeholder="Not grouped"
              size="xs"
              clearable
              data={Object.keys(values.data?.dimensions ?? {})}
              value={url.by || null}
              onChange={(value) => setUrl({ by: value ?? "" })}
            />
          }
          note={() => missing > 0 && <Partial>{missing} periods between values have none.</Partial>}
        />
        {kpi.data && (
          <Panel title="What it depends on">
            <div className={classes.text}>
              <div>
                Values are the metric <code>{kpi.data.dependencies.metric}</code>.
              </div>
              <div>Source: {kpi.data.spec.source?.type ?? "pushed"}</div>
              {kpi.data.dependencies.metrics.length > 0 && (
                <div>Metrics: {kpi.data.dependencies.metrics.join(", ")}</div>
              )}
              {kpi.data.dependencies.models.length > 0 && (
                <div>Models: {kpi.data.dependencies.models.join(", ")}</div>
              )}
              {(kpi.data.spec.services ?? []).map((service) => (
                <Pivot key={service} to="/services/$service" params={{ service }}>
                  {service}
                </Pivot>
              ))}
              {(kpi.data.spec.owners ?? []).length > 0 && (
                <div>Owners: {(kpi.data.spec.owners ?? []).join(", ")}</div>
              )}
            </div>
          </Panel>
        )}
      </div>
    </>
  );
}
