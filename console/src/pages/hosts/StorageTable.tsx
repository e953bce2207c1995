import { Table, Text } from "@mantine/core";
import { Sparkline } from "@/charts/Sparkline";
import { formatPercent } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageLink } from "@/components/PageLink";
import { StateMark } from "@/components/Standing";
import classes from "./hosts.module.css";
import { amount, growthText, outlookText, type Store, stateOf } from "./infra";

const HIGH = 0.9;

/** What fills up: how full it is, how it grows, and when it is full. */
export function StorageTable({ stores, host = true }: { stores: Store[]; host?: boolean }) {
  return (
    <Listing
      minWidth={host ? 900 : 760}
      columns={["State", host && "Host", "Name", "Used", "History", "Growth", "Full in"]}
    >
      {stores.map((store) => (
        <Table.Tr key={`${store.account} ${store.kind} ${store.host} ${store.name}`}>
          <Table.Td>
            <StateMark state={stateOf(store)} />
          </Table.Td>
          {host && (
            <Table.Td>
              {store.kind === "filesystem" ? <HostLink host={store.host} /> : store.host}
            </Table.Td>
          )}
          <Table.Td>
            <span className="telemetry">{store.name}</span>
            <div className="dimmed">
              {[store.kind === "filesystem" ? "" : store.kind, store.device, store.type]
                .filter(Boolean)
                .join(" · ")}
            </div>
          </Table.Td>
          <Table.Td>
            <Fill share={store.utilization} />
            <div className="dimmed">
              {store.unit === "1"
                ? "of a size not reported"
                : `${amount(store.used, store.unit)} of ${store.capacity === null ? "unknown" : amount(store.capacity, store.unit)}`}
            </div>
          </Table.Td>
          <Table.Td>
            <Sparkline
              values={store.values}
              label={`used of ${store.name} of ${store.host}, now ${amount(store.used, store.unit)}`}
            />
          </Table.Td>
          <Table.Td>{growthText(store)}</Table.Td>
          <Table.Td>
            {outlookText(store)}
            {store.full_at && (
              <div className="dimmed">
                <Moment at={store.full_at} />
              </div>
            )}
            {store.outlook.notes.map((note) => (
              <Text key={note} size="xs" c="dimmed">
                {note}
              </Text>
            ))}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

export function HostLink({ host }: { host: string }) {
  return (
    <PageLink to="/hosts/$host" params={{ host }} className={classes.link}>
      {host}
    </PageLink>
  );
}

/** A share as a bar with its number; a high one is said to be. */
export function Fill({ share }: { share: number | null }) {
  const high = share !== null && share >= HIGH;
  return (
    <div className={classes.cell}>
      <div className={classes.meter} data-high={high || undefined}>
        <i style={{ width: `${Math.min(1, share ?? 0) * 100}%` }} />
      </div>
      <span className={high ? classes.high : undefined}>
        {formatPercent(share)}
        {high && " high"}
      </span>
    </div>
  );
}
