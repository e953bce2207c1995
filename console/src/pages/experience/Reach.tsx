import { Button, NumberInput, Table, TextInput } from "@mantine/core";
import { useState } from "react";
import { useGet } from "@/api/query";
import { formatCount, formatPercent } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import classes from "@/components/Standing.module.css";
import { useTimeRange } from "@/time/TimeProvider";

interface Props {
  affected: string;
  version: string;
  onAsk: (affected: string, version: string) => void;
}

/** How many users the failures of a service, or of a version of it or of a model, reached. */
export default function Reach({ affected, version, onAsk }: Props) {
  const { query } = useTimeRange();
  const [service, setService] = useState(affected);
  const [of, setOf] = useState(version);
  const [slow, setSlow] = useState<number | null>(null);
  const impact = useGet(
    "/api/v1/experience/impact",
    { params: { query: { ...query, service: affected, version, slower_than_ms: slow } } },
    { enabled: affected !== "" },
  );
  return (
    <>
      <form
        className={classes.tools}
        style={{ paddingInline: 0, alignItems: "flex-end" }}
        onSubmit={(event) => {
          event.preventDefault();
          onAsk(service.trim(), of.trim());
        }}
      >
        <TextInput
          label="Service that failed"
          size="xs"
          value={service}
          onChange={(event) => setService(event.currentTarget.value)}
        />
        <TextInput
          label="Version of it, or of its model"
          placeholder="any"
          size="xs"
          value={of}
          onChange={(event) => setOf(event.currentTarget.value)}
        />
        <NumberInput
          label="Or slower than, ms"
          placeholder="only failures"
          size="xs"
          min={0}
          value={slow ?? ""}
          onChange={(value) => setSlow(typeof value === "number" ? value : null)}
        />
        <Button type="submit" size="xs" disabled={!service.trim()}>
          Ask
        </Button>
      </form>
      {affected === "" ? (
        <Empty title="Name a service">
          Requests of pages carry their trace to the services behind. So the sessions are known
          whose traces hold a failed span of a service, of one version of it, or of a model's.
        </Empty>
      ) : (
        <QueryState query={impact} height={200}>
          {(data) => (
            <>
              <div className={classes.cards} style={{ paddingInline: 0 }}>
                {(
                  [
                    ["Users reached", data.users, data.all_users],
                    ["Sessions reached", data.sessions, data.all_sessions],
                  ] as const
                ).map(([label, some, all]) => (
                  <div className={classes.card} key={label}>
                    <span className="dimmed">{label}</span>
                    <span className={classes.big}>{formatCount(some)}</span>
                    <span className="dimmed">
                      {formatPercent(all ? some / all : 0)} of {formatCount(all)}
                    </span>
                  </div>
                ))}
              </div>
              <Panel title="On which pages">
                <Listing
                  horizontalSpacing="sm"
                  columns={["Page", "App", "Users", "Sessions", "Example"]}
                >
                  {data.pages.map((one) => (
                    <Table.Tr key={`${one.page} ${one.service}`}>
                      <Table.Td>{one.page}</Table.Td>
                      <Table.Td>{one.service}</Table.Td>
                      <Table.Td>{formatCount(one.users)}</Table.Td>
                      <Table.Td>{formatCount(one.sessions)}</Table.Td>
                      <Table.Td>
                        {one.traces[0] && (
                          <Pivot to="/traces/$traceId" params={{ traceId: one.traces[0] }}>
                            Trace
                          </Pivot>
                        )}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Listing>
              </Panel>
              <div className={classes.tools} style={{ padding: "10px 0" }}>
                <Pivot to="/services/$service" params={{ service: affected }}>
                  {affected}
                </Pivot>
                <Pivot to="/map">Service map</Pivot>
              </div>
            </>
          )}
        </QueryState>
      )}
    </>
  );
}
