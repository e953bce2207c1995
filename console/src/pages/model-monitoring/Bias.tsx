import { Button, Table, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useGet } from "@/api/query";
import { formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { Empty, QueryState } from "@/components/QueryState";
import { compact } from "./format";
import classes from "./monitoring.module.css";
import type { Asked } from "./Parts";

/** Between whom bias is measured; only the facet must be named. */
export interface Facet {
  facet: string;
  /** The value that is thought to be treated worse. */
  disadvantaged: string;
  /** What the groups of CDDL and CDDPL are made by. */
  stratum: string;
}

const NAMES: Record<string, string> = {
  CI: "class imbalance",
  DPL: "difference in proportions of labels",
  KL: "Kullback-Leibler divergence",
  JS: "Jensen-Shannon divergence",
  LP: "Lp norm",
  TVD: "total variation distance",
  KS: "Kolmogorov-Smirnov",
  CDDL: "conditional demographic disparity in labels",
  DPPL: "difference in positive proportions in predicted labels",
  DI: "disparate impact",
  DCA: "difference in conditional acceptance",
  DCR: "difference in conditional rejection",
  RD: "recall difference",
  SD: "specificity difference",
  DAR: "difference in acceptance rates",
  DRR: "difference in rejection rates",
  AD: "accuracy difference",
  TE: "treatment equality",
  CDDPL: "conditional demographic disparity in predicted labels",
  FT: "counterfactual fliptest",
  GE: "generalized entropy",
};

export function Bias({
  asked,
  between,
  onBetween,
}: {
  asked: Asked;
  between: Facet;
  onBetween: (between: Facet) => void;
}) {
  const { facet, disadvantaged, stratum } = between;
  const [typed, setTyped] = useState<Facet>({ facet, disadvantaged, stratum });
  const query = { ...asked, facet, ...(disadvantaged && { disadvantaged }), stratum };
  const found = useGet(
    "/api/v1/model-production/bias",
    { params: { query } },
    { enabled: facet !== "" },
  );
  const field = (name: keyof Facet, label: string, description: string) => (
    <TextInput
      label={label}
      description={description}
      value={typed[name]}
      onChange={(event) => setTyped({ ...typed, [name]: event.currentTarget.value.trim() })}
    />
  );
  return (
    <>
      <form
        className={classes.tools}
        onSubmit={(event) => {
          event.preventDefault();
          onBetween(typed);
        }}
      >
        {field("facet", "Facet", "A feature or a tag, such as sex or age group")}
        {field("disadvantaged", "Disadvantaged", "A value of it; empty: found")}
        {field("stratum", "Within groups by", "For CDDL and CDDPL")}
        <Button type="submit" variant="default" disabled={!typed.facet}>
          Measure
        </Button>
      </form>
      {facet === "" ? (
        <Empty title="Bias is measured between the values of a facet">
          Name a feature or tag whose groups should be treated alike.
        </Empty>
      ) : (
        <QueryState query={found}>
          {(data) => (
            <>
              <Text size="sm" px="sm" pb="xs">
                {data.disadvantaged.values.join(", ")} (
                {formatPercent(data.disadvantaged.predicted_share ?? 0)} get “{data.favourable}”)
                against {data.advantaged.values.join(", ")} (
                {formatPercent(data.advantaged.predicted_share ?? 0)}).
              </Text>
              <Listing
                columns={["Metric", "What it is", "Of", numeric("Value"), numeric("No bias")]}
              >
                {(
                  [
                    ["labels", data.pre_training],
                    ["predictions", data.post_training],
                  ] as const
                ).flatMap(([of, metrics]) =>
                  Object.entries(metrics).map(([name, value]) => (
                    <Table.Tr key={of + name}>
                      <Table.Td>{name}</Table.Td>
                      <Table.Td className={classes.dim}>{NAMES[name]}</Table.Td>
                      <Table.Td>{of}</Table.Td>
                      <Table.Td className="number">
                        {value === null ? "∞" : compact(value)}
                      </Table.Td>
                      <Table.Td className={`number ${classes.dim}`}>
                        {name === "DI" ? 1 : 0}
                      </Table.Td>
                    </Table.Tr>
                  )),
                )}
              </Listing>
            </>
          )}
        </QueryState>
      )}
    </>
  );
}
