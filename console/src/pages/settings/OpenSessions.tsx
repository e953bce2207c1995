import { Switch, Table, Text } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Panel } from "@/components/Panel";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { SessionList } from "./SessionList";
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
            <SessionList
              sessions={data.sessions}
              minWidth={640}
              columns={["Who", "Account"]}
              cells={(item) => (
                <>
                  <Table.Td>
                    {item.name}
                    <Text size="xs" c="dimmed">
                      {item.key_id ? "an API key" : "a user"}
                    </Text>
                  </Table.Td>
                  <Table.Td>{item.account}</Table.Td>
                </>
              )}
              question={(item) => `${item.name} has to sign in again.`}
              end={end}
            />
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
