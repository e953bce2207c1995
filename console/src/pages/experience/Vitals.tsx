import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount, formatPercent, formatValue } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { Empty, QueryState } from "@/components/QueryState";
import { StateMark } from "@/components/Standing";
import classes from "@/components/Standing.module.css";
import { useTimeRange } from "@/time/TimeProvider";

type Vital = components["schemas"]["VitalView"];
export const VITALS = ["LCP", "INP", "CLS", "FCP", "TTFB"] as const;
const NAMES: Record<string, string> = {
  LCP: "Largest contentful paint",
  INP: "Interaction to next paint",
  CLS: "Cumulative layout shift",
  FCP: "First contentful paint",
  TTFB: "Time to first byte",
};

/** CLS has no unit; the others are milliseconds. */
export const formatVital = (name: string, value: number): string =>
  name === "CLS" ? value.toFixed(3) : formatValue(value, "ms");

export function Vitals({ service }: { service: string }) {
  const { query } = useTimeRange();
  const vitals = useGet("/api/v1/experience/vitals", { params: { query: { ...query, service } } });
  return (
    <QueryState
      query={vitals}
      isEmpty={(data) => data.totals.views === 0 && data.vitals.length === 0}
      empty={
        <Empty title="No page of a browser sent anything in this time range">
          Make an app under “Apps and keys” and put its script into your pages.
        </Empty>
      }
      height={300}
    >
      {(data) => {
        const pages = [
          ...new Set([...data.pages.map((one) => one.page), ...data.vitals.map((one) => one.page)]),
        ];
        const views = new Map(data.pages.map((one) => [one.page, one]));
        const of = new Map(data.vitals.map((one) => [`${one.page} ${one.name}`, one]));
        return (
          <>
            <p className="dimmed">
              {formatCount(data.totals.sessions)} sessions of {formatCount(data.totals.users)}{" "}
              users, {formatCount(data.totals.views)} page views, {formatCount(data.totals.errors)}{" "}
              JavaScript errors in {formatCount(data.totals.sessions_with_errors)} sessions
            </p>
            <div className={classes.cards} style={{ paddingInline: 0 }}>
              {VITALS.map((name) => {
                const one = data.whole.find((vital) => vital.name === name);
                return one ? <Card key={name} vital={one} /> : null;
              })}
            </div>
            <Listing
              minWidth={720}
              horizontalSpacing="sm"
              columns={["Page", "Views", ...VITALS.map((name) => `${name}, p75`)]}
            >
              {pages.map((page) => (
                <Table.Tr key={page}>
                  <Table.Td>{page || "(not named)"}</Table.Td>
                  <Table.Td>{formatCount(views.get(page)?.views ?? 0)}</Table.Td>
                  {VITALS.map((name) => {
                    const one = of.get(`${page} ${name}`);
                    return (
                      <Table.Td key={name}>
                        {one ? (
                          <>
                            {formatVital(name, one.p75)} <StateMark state={one.rating} />
                          </>
                        ) : (
                          "–"
                        )}
                      </Table.Td>
                    );
                  })}
                </Table.Tr>
              ))}
            </Listing>
          </>
        );
      }}
    </QueryState>
  );
}

function Card({ vital }: { vital: Vital }) {
  const good = vital.good / vital.samples;
  const poor = vital.poor / vital.samples;
  const shares: [string, number, string][] = [
    ["good", good, "var(--v-good)"],
    ["needs improvement", 1 - good - poor, "var(--v-warning)"],
    ["poor", poor, "var(--v-critical)"],
  ];
  return (
    <div className={classes.card}>
      <h2>{NAMES[vital.name]}</h2>
      <div>
        <span className={classes.big}>{formatVital(vital.name, vital.p75)}</span>{" "}
        <StateMark state={vital.rating} />
      </div>
      <div className={classes.shares} aria-hidden>
        {shares.map(([name, share, color]) => (
          <i key={name} style={{ width: `${share * 100}%`, background: color }} />
        ))}
      </div>
      <span className="dimmed">
        {shares.map(([name, share]) => `${formatPercent(share)} ${name}`).join(", ")};{" "}
        {formatCount(vital.samples)} loads
      </span>
    </div>
  );
}
