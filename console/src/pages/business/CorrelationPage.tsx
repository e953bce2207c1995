import { Button, Group, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { client, unwrap } from "@/api/client";
import { useAsk, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { EChart, type Inks } from "@/charts/EChart";
import { TimePanel } from "@/charts/TimePanel";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import classes from "@/components/Standing.module.css";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";

type Answer = components["schemas"]["CorrelationView"];
type Ask = components["schemas"]["CorrelationRequest"];
const KINDS = ["kpi", "metric", "service"] as const;
const STEPS = ["86400", "3600", "300"] as const;
const PARAMS = {
  first: text(),
  firstKind: oneOf(KINDS, "kpi"),
  second: text(),
  secondKind: oneOf(KINDS, "metric"),
  step: oneOf(STEPS, "86400"),
};
type Kind = (typeof KINDS)[number];

const referenceOf = (kind: Kind, name: string): Ask["first"] =>
  kind === "kpi"
    ? { type: "kpi", name }
    : kind === "metric"
      ? { type: "metric", metric: name, statistic: "Average", matchers: [] }
      : { type: "service", service: name, operation: "", measure: "p95" };

export default function CorrelationPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const ready = url.first !== "" && url.second !== "";
  const body: Ask = {
    first: referenceOf(url.firstKind, url.first),
    second: referenceOf(url.secondKind, url.second),
    step: Number(url.step),
    max_lag: 14,
  };
  const found = useAsk<Answer>(
    ["/api/v1/business/correlation", body, query],
    (signal) =>
      unwrap(client.POST("/api/v1/business/correlation", { params: { query }, body, signal })),
    { enabled: ready },
  );
  return (
    <>
      <PageHeader title="Correlation" />
      <div className={classes.tools} style={{ alignItems: "flex-end" }}>
        <Picker
          label="First series"
          kind={url.firstKind}
          name={url.first}
          onKind={(firstKind) => setUrl({ firstKind, first: "" })}
          onName={(first) => setUrl({ first })}
        />
        <Picker
          label="Second series"
          kind={url.secondKind}
          name={url.second}
          onKind={(secondKind) => setUrl({ secondKind, second: "" })}
          onName={(second) => setUrl({ second })}
        />
        <Select
          label="Period"
          size="xs"
          w={110}
          data={[
            { value: "86400", label: "a day" },
            { value: "3600", label: "an hour" },
            { value: "300", label: "5 minutes" },
          ]}
          value={url.step}
          allowDeselect={false}
          onChange={(step) => step && setUrl({ step: step as (typeof STEPS)[number] })}
        />
      </div>
      {ready ? (
        <div className={classes.stack}>
          <Panel title="What it says">
            <QueryState query={found} height={160}>
              {(answer) => <Words answer={answer} />}
            </QueryState>
          </Panel>
          <TimePanel title="First series" query={found} shape={firstOf} height={150} />
          <TimePanel title="Second series" query={found} shape={secondOf} height={150} />
        </div>
      ) : (
        <Empty title="Choose two series">
          A KPI, a metric such as a model's quality, or a service's p95 latency. Season and trend
          are taken out before they are compared, and significance is corrected for autocorrelation
          and for the lags that are tried. For periods of a day choose a range of months.
        </Empty>
      )}
    </>
  );
}

const firstOf = (answer: Answer) => ({
  times: answer.times,
  series: [
    { key: answer.names[0] ?? "first", label: answer.names[0] ?? "first", values: answer.first },
  ],
});
const secondOf = (answer: Answer) => ({
  times: answer.times,
  series: [
    { key: answer.names[1] ?? "second", label: answer.names[1] ?? "second", values: answer.second },
  ],
});

function Words({ answer }: { answer: Answer }) {
  const option = useMemo(
    () => (inks: Inks) => ({
      aria: { enabled: true },
      animation: false,
      grid: { left: 44, right: 12, top: 10, bottom: 36 },
      tooltip: { trigger: "axis" },
      xAxis: {
        type: "category",
        name: "periods by which the first is ahead",
        nameLocation: "middle",
        nameGap: 22,
        nameTextStyle: { color: inks.dimmed },
        data: answer.lags.map((one) => String(one.lag)),
        axisLabel: { color: inks.dimmed },
      },
      yAxis: {
        type: "value",
        min: -1,
        max: 1,
        axisLabel: { color: inks.dimmed },
        splitLine: { lineStyle: { color: inks.grid } },
      },
      series: [
        {
          type: "bar",
          data: answer.lags.map((one) => ({
            value: one.correlation,
            itemStyle: { opacity: (one.adjusted ?? 1) < 0.05 ? 1 : 0.35, color: inks.accent },
          })),
        },
      ],
    }),
    [answer],
  );
  return (
    <div className={classes.text}>
      <p>{answer.words}</p>
      <EChart
        label={`Correlation by lag of ${answer.names.join(" and ")}; strong bars are significant`}
        height={200}
        option={option}
      />
    </div>
  );
}

interface PickerProps {
  label: string;
  kind: Kind;
  name: string;
  onKind: (kind: Kind) => void;
  onName: (name: string) => void;
}

function Picker({ label, kind, name, onKind, onName }: PickerProps) {
  const { query } = useTimeRange();
  const kpis = useGet("/api/v1/kpis", { params: { query: {} } }, { enabled: kind === "kpi" });
  const services = useGet(
    "/api/v1/services",
    { params: { query } },
    { enabled: kind === "service" },
  );
  const names =
    kind === "kpi"
      ? (kpis.data?.kpis ?? []).map((one) => one.name)
      : (services.data?.services ?? []).map((one) => one.service);
  return (
    <Group gap={6} align="flex-end" wrap="nowrap">
      <SegmentedControl
        size="xs"
        aria-label={`${label}: kind`}
        data={[
          { value: "kpi", label: "KPI" },
          { value: "metric", label: "Metric" },
          { value: "service", label: "Latency" },
        ]}
        value={kind}
        onChange={(value) => onKind(value as Kind)}
      />
      {kind === "metric" ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onName(String(new FormData(event.currentTarget).get("metric") ?? "").trim());
          }}
        >
          <Group gap={4} align="flex-end" wrap="nowrap">
            <TextInput
              label={label}
              name="metric"
              size="xs"
              placeholder="metric"
              defaultValue={name}
            />
            <Button type="submit" variant="default" size="xs">
              Use
            </Button>
          </Group>
        </form>
      ) : (
        <Select
          label={label}
          size="xs"
          searchable
          placeholder={kind === "kpi" ? "KPI" : "service"}
          data={[...new Set(names)]}
          value={name || null}
          onChange={(value) => onName(value ?? "")}
        />
      )}
    </Group>
  );
}
