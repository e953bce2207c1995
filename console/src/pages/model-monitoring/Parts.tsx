import { Badge, Button, Group, Select, Table, Text } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { compact } from "./format";
import classes from "./monitoring.module.css";

/** The parameters of every question about a model. */
export interface Asked {
  model: string;
  version?: string;
  start: string;
  end: string;
  filter?: string[];
}

export function Slices({ asked, onFilter }: { asked: Asked; onFilter: (texts: string[]) => void }) {
  const found = useGet("/api/v1/model-production/slices", { params: { query: asked } });
  return (
    <QueryState
      query={found}
      isEmpty={(data) => data.slices.length === 0}
      empty={
        <Empty title="No segment is worse than the rest">
          Among the segments that have labels and are large enough to tell.
        </Empty>
      }
    >
      {(data) => (
        <Listing
          columns={[
            "Segment",
            numeric("Share"),
            numeric("Loss"),
            numeric("Rest"),
            numeric("Effect"),
            numeric("p"),
          ]}
        >
          {data.slices.map((one) => (
            <Table.Tr key={one.filters.join()}>
              <Table.Td>
                <Button
                  variant="subtle"
                  size="compact-sm"
                  onClick={() => onFilter(one.filters)}
                  title="Look at this segment alone"
                >
                  {one.filters.join(" and ")}
                </Button>
              </Table.Td>
              <Table.Td className="number">{formatPercent(one.share)}</Table.Td>
              <Table.Td className={`number ${classes.bad}`}>{compact(one.loss)}</Table.Td>
              <Table.Td className="number">{compact(one.rest)}</Table.Td>
              <Table.Td className="number">{compact(one.effect)}</Table.Td>
              <Table.Td className="number">{compact(one.p_value)}</Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </QueryState>
  );
}

export function Attributions({ asked }: { asked: Asked }) {
  const found = useGet("/api/v1/model-production/attributions", { params: { query: asked } });
  if (found.error?.status === 404) {
    return (
      <Empty title="No prediction came with attributions">
        Send SHAP values by feature with predictions, as <code>attributions</code>, for some of them
        at least.
      </Empty>
    );
  }
  return (
    <QueryState query={found}>
      {(data) => (
        <>
          {data.ndcg !== null && (
            <Group px="sm" pb="xs" gap="xs">
              <Badge color={data.violated ? "red" : "green"} variant="light">
                nDCG {data.ndcg.toFixed(3)}
              </Badge>
              <Text size="sm">
                {data.violated
                  ? "Features matter in another order than in the reference."
                  : "Features matter in the order that they had in the reference."}
              </Text>
            </Group>
          )}
          <Listing
            columns={[
              numeric("Rank"),
              "Feature",
              numeric("Mean |SHAP|"),
              numeric("In the reference"),
              numeric("Rank there"),
            ]}
          >
            {data.features.slice(0, 50).map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td className="number">{one.rank}</Table.Td>
                <Table.Td>{one.name}</Table.Td>
                <Table.Td className="number">{compact(one.value)}</Table.Td>
                <Table.Td className="number">{compact(one.baseline)}</Table.Td>
                <Table.Td className="number">{one.baseline_rank ?? "—"}</Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        </>
      )}
    </QueryState>
  );
}

export function Compare({
  asked,
  versions,
  against,
  onAgainst,
}: {
  asked: Asked;
  versions: readonly string[];
  against: string;
  onAgainst: (version: string) => void;
}) {
  const first = asked.version ?? versions[0] ?? "";
  const second = against || versions.find((one) => one !== first) || "";
  const { version: _, ...both } = asked;
  const found = useGet(
    "/api/v1/model-production/compare",
    { params: { query: { ...both, first, second } } },
    { enabled: second !== "" },
  );
  if (second === "")
    return (
      <Empty title="There is one version alone in this time range">Widen the time range.</Empty>
    );
  return (
    <>
      <div className={classes.tools}>
        <Select
          label={`Version ${first} against`}
          data={versions.filter((one) => one !== first)}
          value={second}
          onChange={(value) => value && onAgainst(value)}
          allowDeselect={false}
        />
      </div>
      <QueryState query={found}>
        {(data) => (
          <Listing
            columns={[
              "Metric",
              numeric(first),
              numeric(second),
              numeric("Difference"),
              numeric("p"),
              "Better",
            ]}
          >
            {data.metrics.map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td>{one.name}</Table.Td>
                <Table.Td className="number">{compact(one.first.value)}</Table.Td>
                <Table.Td className="number">{compact(one.second.value)}</Table.Td>
                <Table.Td className="number">{compact(one.difference)}</Table.Td>
                <Table.Td className="number">{compact(one.p_value)}</Table.Td>
                <Table.Td>
                  {one.better === "" ? "no telling" : one.better === "first" ? first : second}
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </>
  );
}

const STATES = [
  { value: "", label: "All" },
  { value: "labelled", label: "Labelled" },
  { value: "unlabelled", label: "Without a label" },
  { value: "right", label: "Right" },
  { value: "wrong", label: "Wrong" },
] as const;

export function Predictions({
  asked,
  state,
  onState,
}: {
  asked: Asked;
  state: string;
  onState: (state: string) => void;
}) {
  const found = useGet("/api/v1/model-production/predictions", {
    params: { query: { ...asked, state: state as "" } },
  });
  return (
    <>
      <div className={classes.tools}>
        <Select
          label="Predictions"
          data={STATES}
          value={state}
          onChange={(value) => onState(value ?? "")}
          allowDeselect={false}
        />
      </div>
      <QueryState query={found} isEmpty={(data) => data.predictions.length === 0}>
        {(data) => (
          <div className={classes.scroll} tabIndex={0} role="region" aria-label="Predictions">
            <Listing
              striped
              columns={["Time", "Id", "Version", "Prediction", "Label", "Features", "Trace"]}
            >
              {data.predictions.map((row) => (
                <Table.Tr key={row.id + row.time}>
                  <Table.Td>
                    <Moment at={row.time} />
                  </Table.Td>
                  <Table.Td>{row.id}</Table.Td>
                  <Table.Td>{row.version}</Table.Td>
                  <Table.Td>{row.prediction}</Table.Td>
                  <Table.Td
                    className={row.labelled && row.label !== row.prediction ? classes.bad : ""}
                  >
                    {row.label ?? "—"}
                  </Table.Td>
                  <Table.Td className={classes.dim}>
                    {Object.entries(row.features)
                      .slice(0, 8)
                      .map(([name, value]) => `${name}=${value ?? "—"}`)
                      .join(" ")}
                  </Table.Td>
                  <Table.Td>
                    {row.trace_id && (
                      <Pivot to="/traces/$traceId" params={{ traceId: row.trace_id }}>
                        Trace
                      </Pivot>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          </div>
        )}
      </QueryState>
    </>
  );
}
