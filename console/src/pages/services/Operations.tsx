import { Table } from "@mantine/core";
import { formatCount, formatNanos, formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { writeTerm } from "@/search/terms";
import { change, type RedRow } from "./red";
import classes from "./services.module.css";

/** What a service does, what takes most time first, beside the period before. */
export function Operations({ rows }: { rows: readonly RedRow[] }) {
  const total = rows.reduce((sum, row) => sum + row.total_ns, 0) || 1;
  return (
    <Listing
      minWidth={820}
      highlightOnHover
      columns={[
        "Operation",
        "Kind",
        numeric("Spans"),
        numeric("Errors"),
        numeric("p50"),
        numeric("p95"),
        numeric("p99"),
        numeric("Longest"),
        "Share of time",
      ]}
    >
      {rows.map((row) => (
        <Table.Tr key={`${row.operation} ${row.kind}`}>
          <Table.Td className="telemetry">
            <PageLink
              to="/traces"
              search={{
                q: `${writeTerm("service", row.service)} ${writeTerm("name", row.operation)}`,
              }}
              className="link"
            >
              {row.operation}
            </PageLink>
          </Table.Td>
          <Table.Td>{row.kind}</Table.Td>
          <Table.Td className="number">
            {formatCount(row.count)} <Change now={row.count} before={row.previous_count} />
          </Table.Td>
          <Table.Td className="number">
            {row.errors > 0 ? (
              <span className="bad">
                ✖ {formatCount(row.errors)} ({formatPercent(row.errors / row.count)})
              </span>
            ) : (
              "0"
            )}
          </Table.Td>
          <Table.Td className="number">{formatNanos(row.quantiles[0])}</Table.Td>
          <Table.Td className="number">
            {formatNanos(row.quantiles[2])}{" "}
            <Change now={row.quantiles[2] ?? 0} before={row.previous_quantiles[2] ?? 0} />
          </Table.Td>
          <Table.Td className="number">{formatNanos(row.quantiles[3])}</Table.Td>
          <Table.Td className="number">{formatNanos(row.max_ns)}</Table.Td>
          <Table.Td>
            <div className={classes.share}>
              <i style={{ width: `${(row.total_ns / total) * 100}%` }} />
              <span>{formatPercent(row.total_ns / total)}</span>
            </div>
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

const NOTABLE = 0.1;

/** How much a number moved against the period before, where that is worth saying. */
function Change({ now, before }: { now: number; before: number }) {
  const share = change(now, before);
  if (share === null || Math.abs(share) < NOTABLE) return null;
  return (
    <span className="dimmed" title="against the period before">
      {share > 0 ? "▲" : "▼"}
      {formatPercent(Math.abs(share))}
    </span>
  );
}
