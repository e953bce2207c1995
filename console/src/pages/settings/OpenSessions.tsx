import { Switch, Table, Text } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "./settings.module.css";

const PATH = "/api/v1/members/sessions";

/** Who is signed in, from where; an admin ends any of it. */
export function OpenSessions() {
  const { can } = useSession();
  const [all, setAll] = useState(false);
  const scope = all ? "installation" : "account";
  const query = useGet(PATH, { params: { query: { limit: 200, scope } } });
  const end = useChange(
    (id: string) =>
      unwrap(
        client.DELETE("/api/v1/members/sessions/{session_id}", {
          params: { path: { session_id: id }, query: { scope } },
        }),
      ),
    [PATH],
  );
  return (
    <Panel
      title="Who is signed in"
      aside={
        can("installation:admin") && (
          <Switch
            size="xs"
            label="In every account"
            checked={all}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
        )
      }
    >
      <QueryState
        query={query}
        isEmpty={(data) => !data.sessions.length}
        empty={<Empty title="Nobody is signed in" />}
      >
        {(data) => (
          <>
            <Listing
              minWidth={640}
              dimHead
              columns={["Who", "Account", "Since", "Until", "From", ACTIONS]}
            >
              {data.sessions.map((item) => (
                <Table.Tr key={item.id}>
                  <Table.Td>
                    {item.name}
                    <Text size="xs" c="dimmed">
                      {item.key_id ? "an API key" : "a user"}
                    </Text>
                  </Table.Td>
                  <Table.Td>{item.account}</Table.Td>
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
                        question={`${item.name} has to sign in again.`}
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
            {data.cursor && (
              <div className={classes.pad}>
                <Partial>The newest 200 are listed.</Partial>
              </div>
            )}
          </>
        )}
      </QueryState>
    </Panel>
  );
}
