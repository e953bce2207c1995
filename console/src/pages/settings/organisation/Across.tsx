import { SegmentedControl, Table, TextInput } from "@mantine/core";
import { useState } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { StateMark } from "@/components/Standing";
import { useSession } from "@/session/SessionProvider";
import classes from "../settings.module.css";

type Item = components["schemas"]["SharedItem"];
export type Kind = "alarms" | "models" | "monitors";
const HEADS: Record<Kind, [string, string]> = {
  alarms: ["State", "Severity"],
  models: ["Newest version's stage", "Status"],
  monitors: ["Dataset", ""],
};

/** Alarms, models or monitors of all accounts in one list. */
export function Across({ kind, onKind }: { kind: Kind; onKind: (kind: Kind) => void }) {
  const { session } = useSession();
  const [part, setPart] = useState("");
  const query = useGet("/api/v1/organisation/items", { params: { query: { kind } } });
  const wanted = part.trim().toLowerCase();
  const shown = (item: Item) => `${item.account}/${item.name}`.toLowerCase().includes(wanted);
  const [state, detail] = HEADS[kind];
  return (
    <Panel
      title="Across accounts"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Show"
          value={kind}
          onChange={(next) => onKind(next as Kind)}
          data={[
            { value: "alarms", label: "Alarms" },
            { value: "models", label: "Models" },
            { value: "monitors", label: "Monitors" },
          ]}
        />
      }
    >
      <div className={classes.form}>
        <TextInput
          label="Account or name"
          value={part}
          onChange={(event) => setPart(event.currentTarget.value)}
        />
      </div>
      <QueryState
        query={query}
        isEmpty={(data) => !data.items.some(shown)}
        empty={
          <Empty title={`No ${kind} here`}>
            Those of this account and of accounts that share them are listed.
          </Empty>
        }
      >
        {(data) => (
          <Listing minWidth={520} dimHead columns={["Account", "Name", state, detail && detail]}>
            {data.items.filter(shown).map((item) => (
              <Table.Tr key={`${item.account}/${item.name}`}>
                <Table.Td>{item.account}</Table.Td>
                <Table.Td>
                  {item.account === session.account ? <Own kind={kind} item={item} /> : item.name}
                </Table.Td>
                <Table.Td>
                  {kind === "alarms" ? (
                    <StateMark state={item.state || "not evaluated"} />
                  ) : (
                    item.state || "–"
                  )}
                </Table.Td>
                {detail && <Table.Td>{item.detail}</Table.Td>}
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </Panel>
  );
}

function Own({ kind, item }: { kind: Kind; item: Item }) {
  if (kind === "models") {
    return (
      <Pivot to="/models/$name" params={{ name: item.name }}>
        {item.name}
      </Pivot>
    );
  }
  if (kind === "monitors") {
    return (
      <Pivot to="/monitors/$monitor" params={{ monitor: item.name }}>
        {item.name}
      </Pivot>
    );
  }
  return (
    <Pivot to="/alarms" search={{ find: item.name }}>
      {item.name}
    </Pivot>
  );
}
