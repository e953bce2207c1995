import { Table, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Empty } from "@/components/QueryState";
import classes from "./training.module.css";

interface Props {
  title: string;
  /** Keys with what is shown for each. */
  rows: readonly { key: string; value: ReactNode }[];
  empty: string;
  snippet?: string;
}

const MANY = 12;

/** Keys and values of a run; where there are many, with a search. */
export function Keyed({ title, rows, empty, snippet }: Props) {
  const [find, setFind] = useState("");
  const shown = rows.filter((row) => row.key.toLowerCase().includes(find.toLowerCase()));
  return (
    <Panel
      title={`${title} (${rows.length})`}
      aside={
        rows.length > MANY && (
          <TextInput
            size="xs"
            aria-label={`Find in ${title}`}
            placeholder="Find…"
            value={find}
            onChange={(event) => setFind(event.currentTarget.value)}
          />
        )
      }
    >
      {rows.length === 0 ? (
        <Empty title={empty} snippet={snippet} />
      ) : (
        <div className={classes.preview} tabIndex={0} role="region" aria-label={title}>
          <Listing wrap>
            {shown.map((row) => (
              <Table.Tr key={row.key}>
                <Table.Th scope="row" w="45%" fw={500}>
                  {row.key}
                </Table.Th>
                <Table.Td>{row.value}</Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        </div>
      )}
    </Panel>
  );
}
