import { NumberInput, Table } from "@mantine/core";
import { useMemo, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useAsk, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatPercent, formatValue } from "@/charts/units";
import { BandChart } from "@/components/BandChart";
import { DefinitionDelete, DefinitionEditor } from "@/components/DefinitionEditor";
import { Listing } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import classes from "@/components/Standing.module.css";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { type Assumed, assumptionsOf, withAssumption } from "./assumptions";

type Return = components["schemas"]["ReturnView"];
type Roi = components["schemas"]["RoiView"];
type Spec = components["schemas"]["RoiSpec"];
const PARAMS = { name: text() };
const NEW_RETURN = {
  model: "churn",
  currency: "EUR",
  since: new Date().toISOString().slice(0, 8).concat("01"),
  value: {
    type: "formula",
    expression: "prevented * worth",
    inputs: { prevented: { value: 120, low: 90, high: 150 }, worth: { value: 300 } },
  },
  costs: [
    { name: "training", kind: "training", amount: { value: 4000 } },
    { name: "serving", kind: "serving", amount: { value: 900 }, per: "month" },
    { name: "people", kind: "people", amount: { value: 6000, low: 4000, high: 8000 } },
  ],
};

export default function ReturnsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const returns = useGet("/api/v1/returns", { params: { query: { limit: 200 } } });
  const shown =
    returns.data?.returns.find((one) => one.name === url.name) ?? returns.data?.returns[0];
  return (
    <>
      <PageHeader
        title="Return of models"
        time={false}
        aside={returns.data && `${returns.data.returns.length}`}
        actions={
          <DefinitionEditor
            what="return"
            kind="Return"
            path="/api/v1/returns"
            spec={NEW_RETURN}
            onDone={(name) => setUrl({ name })}
          />
        }
      />
      <QueryState
        query={returns}
        isEmpty={(data) => data.returns.length === 0}
        empty={
          <Empty title="No return is defined yet">
            A return compares the value that is attributed to a model (an experiment, before and
            after against a forecast, or a formula) with what it costs. Make one above.
          </Empty>
        }
        height={300}
      >
        {(data) => (
          <>
            <nav className={classes.tools} aria-label="Returns">
              {data.returns.map((one) => (
                <PageLink
                  key={one.id}
                  to="/business/returns"
                  search={{ name: one.name }}
                  className={classes.link}
                  aria-current={one.name === shown?.name ? "page" : undefined}
                >
                  {one.name}
                </PageLink>
              ))}
            </nav>
            {shown && (
              <Detail
                key={`${shown.id} ${shown.updated}`}
                one={shown}
                onGone={() => setUrl({ name: "" })}
              />
            )}
          </>
        )}
      </QueryState>
    </>
  );
}

function Detail({ one, onGone }: { one: Return; onGone: () => void }) {
  const [spec, setSpec] = useState<Spec>(one.spec);
  const changed = useMemo(
    () => JSON.stringify(spec) !== JSON.stringify(one.spec),
    [spec, one.spec],
  );
  const result = useAsk<Roi>(["/api/v1/return-previews", spec], (signal) =>
    unwrap(client.POST("/api/v1/return-previews", { body: spec, signal })),
  );
  return (
    <div className={classes.stack}>
      <Panel
        title={`${one.name}: ${one.spec.model}`}
        aside={
          <span className={classes.tools} style={{ padding: 0 }}>
            <DefinitionEditor
              what="return"
              kind="Return"
              path="/api/v1/returns"
              name={one.name}
              spec={spec}
              labels={one.labels}
            />
            <DefinitionDelete
              what="return"
              path="/api/v1/returns"
              name={one.name}
              question="The definition goes; KPIs and their values stay."
              onDone={onGone}
            />
          </span>
        }
      >
        <QueryState query={result} height={260}>
          {(roi) => <Result roi={roi} currency={one.spec.currency ?? "EUR"} />}
        </QueryState>
      </Panel>
      <Panel
        title="Assumptions"
        aside={changed && <span className={classes.warn}>changed here; Edit saves them</span>}
      >
        <div className={classes.cards} style={{ paddingTop: 8 }}>
          {assumptionsOf(spec).map((assumed) => (
            <Assumption
              key={assumed.name}
              assumed={assumed}
              onChange={(value) => setSpec(withAssumption(spec, assumed.path, value))}
            />
          ))}
        </div>
      </Panel>
    </div>
  );
}

function Assumption({
  assumed,
  onChange,
}: {
  assumed: Assumed;
  onChange: (value: number) => void;
}) {
  const range =
    assumed.low != null && assumed.high != null ? `between ${assumed.low} and ${assumed.high}` : "";
  return (
    <NumberInput
      label={assumed.name}
      description={[range, assumed.why].filter(Boolean).join("; ") || undefined}
      size="xs"
      value={assumed.value}
      min={assumed.low ?? undefined}
      max={assumed.high ?? undefined}
      clampBehavior="strict"
      onChange={(value) => typeof value === "number" && onChange(value)}
    />
  );
}

function Result({ roi, currency }: { roi: Roi; currency: string }) {
  const rows = [
    ["Value attributed", roi.value],
    ["Cost", roi.cost],
    ["Net", roi.net],
  ] as const;
  return (
    <div className={classes.text}>
      <div>
        <span className={classes.big}>{roi.roi ? formatPercent(roi.roi.value) : "no return"}</span>{" "}
        <span className="dimmed">
          {roi.roi
            ? `return on cost, 95 % interval ${formatPercent(roi.roi.low)} to ${formatPercent(roi.roi.high)}`
            : "on cost can be told"}
        </span>
      </div>
      {roi.positive != null && (
        <div>Value exceeds cost with a probability of {formatPercent(roi.positive)}.</div>
      )}
      <Listing maw={560} my="xs" columns={[currency, "expected", "95 % interval"]}>
        {rows.map(
          ([label, one]) =>
            one && (
              <Table.Tr key={label}>
                <Table.Td>{label}</Table.Td>
                <Table.Td>{formatValue(one.value)}</Table.Td>
                <Table.Td>
                  {formatValue(one.low)} to {formatValue(one.high)}
                </Table.Td>
              </Table.Tr>
            ),
        )}
        {roi.costs.map((one) => (
          <Table.Tr key={one.name}>
            <Table.Td className="dimmed">
              of it {one.name} ({one.kind})
            </Table.Td>
            <Table.Td>{formatValue(one.amount.value)}</Table.Td>
            <Table.Td>
              {formatValue(one.amount.low)} to {formatValue(one.amount.high)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Listing>
      {roi.method && <p>Method: {roi.method}.</p>}
      {roi.p_value != null && (
        <p>
          {roi.significant ? "The effect is beyond chance" : "The effect may be chance"} (p ={" "}
          {roi.p_value.toFixed(4)}).
        </p>
      )}
      {roi.times.length > 0 && (
        <>
          <BandChart
            label="What was, and dashed what would have been without the model"
            pastTimes={roi.times}
            past={roi.actual}
            times={roi.times}
            expected={roi.expected}
            height={160}
          />
          <p className="dimmed">Line: what was. Dashed: what would have been without the model.</p>
        </>
      )}
      {roi.notes.map((note) => (
        <Partial key={note}>{note}</Partial>
      ))}
      <p className="dimmed">
        {roi.since.slice(0, 10)} until {roi.until.slice(0, 10)}
      </p>
    </div>
  );
}
