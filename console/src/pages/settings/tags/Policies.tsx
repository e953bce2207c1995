import { Badge, Button, Group, Table } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "../settings.module.css";
import { PolicyForm } from "./PolicyForm";

type Policy = components["schemas"]["PolicyView"];
type Rule = components["schemas"]["KeyRule"];
const NEW = "new policy";

interface Props {
  /** Name of the policy in the form, `NEW`, or nothing. */
  editing: string;
  onEdit: (name: string) => void;
}

/** Which tags resources of a kind must have, and what happens to who does not comply. */
export function Policies({ editing, onEdit }: Props) {
  const query = useGet("/api/v1/tags/policies", {});
  const { can } = useSession();
  const write = can("admin");
  return (
    <QueryState query={query} height={200}>
      {({ policies }) => (
        <div className={classes.stack}>
          {editing && write && (
            <PolicyForm
              key={editing}
              policy={policies.find((one) => one.name === editing)}
              onDone={() => onEdit("")}
            />
          )}
          <Panel
            title="Policies"
            aside={
              write && (
                <Button
                  variant="default"
                  size="xs"
                  leftSection={<IconPlus size={14} />}
                  onClick={() => onEdit(NEW)}
                >
                  New policy
                </Button>
              )
            }
          >
            {policies.length ? (
              <Listed policies={policies} write={write} onEdit={onEdit} />
            ) : (
              <Empty title="There is no policy yet">
                Such as: every service has a team, of a given list, and a cost centre of four
                digits.
              </Empty>
            )}
          </Panel>
        </div>
      )}
    </QueryState>
  );
}

interface ListedProps {
  policies: readonly Policy[];
  write: boolean;
  onEdit: (name: string) => void;
}

function Listed({ policies, write, onEdit }: ListedProps) {
  const remove = useChange(
    (name: string) =>
      unwrap(client.DELETE("/api/v1/tags/policies/{name}", { params: { path: { name } } })),
    ["/api/v1/tags"],
  );
  return (
    <Listing
      minWidth={640}
      dimHead
      columns={["Policy", "Kinds", "Tags", "Who does not comply", "Changed"]}
    >
      {policies.map((one) => (
        <Table.Tr key={one.id}>
          <Table.Th scope="row" fw={600}>
            {one.name}
          </Table.Th>
          <Table.Td>{(one.rules.kinds ?? []).join(", ") || "all"}</Table.Td>
          <Table.Td>
            {one.rules.keys.map((rule) => (
              <div key={rule.key}>{sentence(rule)}</div>
            ))}
          </Table.Td>
          <Table.Td>
            <Badge variant="light" tt="none" color={one.rules.effect === "refuse" ? "red" : "gray"}>
              {one.rules.effect === "refuse" ? "is refused" : "is listed"}
            </Badge>
          </Table.Td>
          <Table.Td>
            <Group gap={6} justify="space-between" wrap="nowrap">
              <Moment at={one.updated} ago />
              {write && (
                <Group gap={6} wrap="nowrap">
                  <Button
                    variant="default"
                    size="compact-xs"
                    aria-label={`Edit ${one.name}`}
                    onClick={() => onEdit(one.name)}
                  >
                    Edit
                  </Button>
                  <Confirm
                    label="Delete"
                    question={`"${one.name}" is asked of nobody any more.`}
                    confirm="Delete the policy"
                    onConfirm={() =>
                      remove.mutate(one.name, {
                        onError: (error) => notifyError("The policy was not deleted", error),
                      })
                    }
                  />
                </Group>
              )}
            </Group>
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function sentence({ key, required, values, pattern }: Rule): string {
  const what = values?.length ? `one of ${values.join(", ")}` : pattern ? `like ${pattern}` : "any";
  return `${key}: ${what}${required === false ? ", where it is there" : ""}`;
}
