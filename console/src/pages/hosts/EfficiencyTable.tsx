import { Table } from "@mantine/core";
import { formatBytes, formatCount, formatNumber, formatPercent } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { PageLink, type PageLinkProps } from "@/components/PageLink";
import classes from "./hosts.module.css";
import { type Item, type Kind, type Level, money, shares } from "./infra";
import { Fill } from "./StorageTable";

interface Props {
  items: Item[];
  kind: Kind;
  currency: string;
  percentile: number;
}

/** Use against what is reserved, cost, and what of it was paid for nothing. */
export function EfficiencyTable({ items, kind, currency, percentile }: Props) {
  const high = `p${percentile * 100}`;
  return (
    <Listing
      minWidth={860}
      columns={[
        "Name",
        "Hours",
        `CPU (mean, ${high})`,
        `Memory (mean, ${high})`,
        `GPU (mean, ${high})`,
        kind === "endpoint" && "Predictions",
        "Cost",
        "Idle",
        kind === "endpoint" && "Cost of 1,000",
      ]}
    >
      {items.map((item) => (
        <Table.Tr key={`${item.account} ${item.id} ${item.model} ${item.version}`}>
          <Table.Td>
            <Name item={item} />
            <div className="dimmed">{about(item)}</div>
          </Table.Td>
          <Table.Td>{formatNumber(Math.round(item.hours * 10) / 10)}</Table.Td>
          <Use level={item.cpu} unit={item.cpu_unit === "core" ? "cores" : ""} />
          <Use level={item.memory} unit="" />
          <Use level={item.gpu} unit="GPUs" />
          {kind === "endpoint" && <Table.Td>{formatCount(item.predictions)}</Table.Td>}
          <Table.Td>
            {money(item.cost?.total, currency)}
            {item.cost && <div className="dimmed">by {item.cost.by}</div>}
          </Table.Td>
          <Table.Td>
            {money(item.cost?.idle, currency)}
            {item.cost?.idle != null && item.cost.total > 0 && (
              <div className="dimmed">{formatPercent(item.cost.idle / item.cost.total)} of it</div>
            )}
          </Table.Td>
          {kind === "endpoint" && <Table.Td>{money(item.cost_per_1000, currency)}</Table.Td>}
        </Table.Tr>
      ))}
    </Listing>
  );
}

function Use({ level, unit }: { level: Level | null; unit: string }) {
  const share = shares(level);
  if (!level) return <Table.Td className="dimmed">–</Table.Td>;
  if (!share) {
    return (
      <Table.Td className="dimmed">
        {unit ? `${formatNumber(level.mean)} ${unit}` : formatBytes(level.mean)}
      </Table.Td>
    );
  }
  return (
    <Table.Td>
      <Fill share={share.mean} />
      <div className="dimmed">
        {formatPercent(share.high)}
        {unit && level.reserved !== null && ` of ${formatNumber(level.reserved)} ${unit}`}
      </div>
    </Table.Td>
  );
}

function about(item: Item): string {
  if (item.kind === "endpoint") {
    return `version ${item.version || "–"} at ${item.name}${item.service ? ` · service ${item.service}` : ""}`;
  }
  if (item.kind === "host")
    return [item.machine_type, item.services.join(", ")].filter(Boolean).join(" · ");
  return item.hosts.join(", ");
}

/** The page of each kind that has one. */
const PAGES: Record<string, (item: Item) => PageLinkProps> = {
  host: ({ name }) => ({ to: "/hosts/$host", params: { host: name }, children: name }),
  service: ({ name }) => ({ to: "/services/$service", params: { service: name }, children: name }),
  run: ({ id, name }) => ({ to: "/runs/$run", params: { run: id }, children: name }),
  endpoint: ({ model }) => ({
    to: "/models/$name/monitoring",
    params: { name: model },
    children: model,
  }),
};

/** The name as a link to what it is. */
export function Name({ item }: { item: Item }) {
  const page = PAGES[item.kind]?.(item);
  if (!page) return <span className="telemetry">{item.name}</span>;
  return <PageLink {...page} className={classes.link} />;
}
