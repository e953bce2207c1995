import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatCount } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Listing, numeric } from "@/components/Listing";
import { Empty, QueryState } from "@/components/QueryState";
import { Value } from "@/components/ValueMenu";
import { formatAgo } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./services.module.css";

/** What tells instances apart and is worth a column of its own. */
const COLUMNS = ["service.version", "host.name", "process.pid", "service.instance.id"];

/** The processes that sent telemetry under a service's name. */
export function Instances({ service }: { service: string }) {
  const { query } = useTimeRange();
  const found = useGet("/api/v1/services/resources", { params: { query: { ...query, service } } });
  return (
    <QueryState
      query={found}
      isEmpty={(data) => data.resources.length === 0}
      empty={<Empty title="Nothing came from this service in this time range" />}
    >
      {(data) => (
        <Listing
          minWidth={760}
          highlightOnHover
          columns={[...COLUMNS, "Sends", numeric("Records"), "Last seen", "More"]}
        >
          {data.resources.map((one) => (
            <Table.Tr key={JSON.stringify(one.attributes)}>
              {COLUMNS.map((name) => (
                <Table.Td key={name} className="telemetry">
                  {one.attributes[name] && (
                    <Value field={`resource.${name}`} value={one.attributes[name]} />
                  )}
                </Table.Td>
              ))}
              <Table.Td>{one.signals.join(", ")}</Table.Td>
              <Table.Td className="number">{formatCount(one.count)}</Table.Td>
              <Table.Td>{formatAgo(Date.parse(one.last_seen), Date.now())}</Table.Td>
              <Table.Td>
                <details>
                  <summary>{Object.keys(one.attributes).length} attributes</summary>
                  <Facts className={classes.attributes}>
                    {Object.entries(one.attributes).map(([key, value]) => (
                      <Fact key={key} name={key}>
                        {value}
                      </Fact>
                    ))}
                  </Facts>
                </details>
              </Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </QueryState>
  );
}
