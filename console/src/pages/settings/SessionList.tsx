import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, type Column, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyError } from "@/components/notify";

type Session = components["schemas"]["OpenSessionView"];

interface Props<Row extends Session> {
  sessions: readonly Row[];
  minWidth: number;
  /** What is said of each before when and where from. */
  columns?: readonly Column[];
  cells?: (session: Row) => ReactNode;
  /** What its end means. */
  question: (session: Row) => string;
  end: { mutate: (id: string, options: { onError: (error: Error) => void }) => void };
}

/** Open sessions; each but the one that looks can be ended. */
export function SessionList<Row extends Session>(props: Props<Row>) {
  const { sessions, minWidth, columns = [], cells, question, end } = props;
  return (
    <Listing minWidth={minWidth} dimHead columns={[...columns, "Since", "Until", "From", ACTIONS]}>
      {sessions.map((item) => (
        <Table.Tr key={item.id}>
          {cells?.(item)}
          <Table.Td>
            <Moment at={item.created} />
          </Table.Td>
          <Table.Td>
            <Moment at={item.expires} />
          </Table.Td>
          <Table.Td>
            {item.ip}
            <Text size="xs" c="dimmed" lineClamp={1} title={item.user_agent ?? ""}>
              {item.user_agent}
            </Text>
          </Table.Td>
          <Table.Td ta="right">
            {item.current ? (
              "this one"
            ) : (
              <Confirm
                label="End"
                question={question(item)}
                confirm="End the session"
                onConfirm={() =>
                  end.mutate(item.id, {
                    onError: (error) => notifyError("The session was not ended", error),
                  })
                }
              />
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
