import { Anchor, Table, Text } from "@mantine/core";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatBytes, formatCount, formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "../settings.module.css";

type Account = components["schemas"]["AccountHealth"];

/** The account and those that share with it, each within what it shares. */
export function Accounts({ onLinks }: { onLinks: () => void }) {
  const { query: range } = useTimeRange();
  const { session } = useSession();
  const query = useGet("/api/v1/organisation/overview", { params: { query: range } });
  return (
    <div className={classes.below}>
      <Panel
        title="Accounts at one look"
        aside={
          <Text size="xs" c="dimmed">
            “–” is not shared
          </Text>
        }
      >
        <QueryState query={query} isEmpty={(data) => !data.accounts.length} height={160}>
          {(data) => (
            <>
              <Listing
                minWidth={860}
                dimHead
                columns={[
                  "Account",
                  numeric("Logs"),
                  numeric("Spans"),
                  "Alarms",
                  "Model versions",
                  numeric("Monitors"),
                  numeric("Tags comply"),
                  numeric("Sent today"),
                ]}
              >
                {data.accounts.map((one) => (
                  <Row key={one.account} one={one} own={one.account === session.account} />
                ))}
              </Listing>
              {data.accounts.length === 1 && (
                <Empty title="No other account shares with this one">
                  A monitoring account sees what others share with it.{" "}
                  <Anchor component="button" size="sm" onClick={onLinks}>
                    Say what this account takes, and from whom
                  </Anchor>
                </Empty>
              )}
            </>
          )}
        </QueryState>
      </Panel>
    </div>
  );
}

function Row({ one, own }: { one: Account; own: boolean }) {
  const { compliance, usage } = one;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600}>
        {one.account}
        <Text size="xs" c="dimmed">
          {own ? "this account" : one.display_name}
        </Text>
      </Table.Th>
      <Table.Td ta="right">
        <Signal shared={one.kinds.includes("logs")} found={one.health.logs} />
      </Table.Td>
      <Table.Td ta="right">
        <Signal shared={one.kinds.includes("traces")} found={one.health.traces} />
      </Table.Td>
      <Table.Td>
        <Counts of={one.alarms} bad="ALARM" />
      </Table.Td>
      <Table.Td>
        <Counts of={one.models} />
      </Table.Td>
      <Table.Td ta="right">{one.monitors ?? "–"}</Table.Td>
      <Table.Td ta="right">
        {compliance
          ? compliance.resources
            ? formatPercent((compliance.compliant ?? 0) / compliance.resources)
            : "nothing to tag"
          : "–"}
      </Table.Td>
      <Table.Td ta="right">
        {usage
          ? formatBytes(usage.ingest_bytes ?? 0)
          : one.kinds.includes("usage")
            ? formatBytes(0)
            : "–"}
      </Table.Td>
    </Table.Tr>
  );
}

function Signal({ shared, found }: { shared: boolean; found?: Record<string, unknown> }) {
  if (!shared) return <>–</>;
  const errors = Number(found?.errors ?? 0);
  return (
    <>
      {formatCount(Number(found?.records ?? 0))}
      {errors > 0 && (
        <Text size="xs" c="var(--v-critical)">
          {formatCount(errors)} errors
        </Text>
      )}
    </>
  );
}

function Counts({ of, bad }: { of: Record<string, number> | null; bad?: string }) {
  if (!of) return <>–</>;
  const all = Object.entries(of);
  if (!all.length) return <>none</>;
  return (
    <>
      {all.map(([name, count], at) => (
        <span key={name}>
          {at > 0 && ", "}
          <Text
            component="span"
            size="sm"
            fw={name === bad ? 600 : undefined}
            c={name === bad ? "var(--v-critical)" : undefined}
          >
            {count} {name}
          </Text>
        </span>
      ))}
    </>
  );
}
