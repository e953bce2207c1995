import {
  Badge,
  Button,
  Checkbox,
  Group,
  PasswordInput,
  SimpleGrid,
  Table,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { Listing, numeric } from "@/components/Listing";
import { ModalForm } from "@/components/ModalForm";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "./registry.module.css";

type Webhook = components["schemas"]["RegistryWebhookView"];

const PATH = "/api/v1/registry-webhooks";
const ONE = "/api/v1/registry-webhooks/{webhook_id}";
const EVENTS = [
  "REGISTERED_MODEL:CREATED",
  "MODEL_VERSION:CREATED",
  "MODEL_VERSION:DELETED",
  "MODEL_VERSION_TAG:SET",
  "MODEL_VERSION_TAG:DELETED",
  "MODEL_VERSION_ALIAS:CREATED",
  "MODEL_VERSION_ALIAS:DELETED",
  "PROMPT:CREATED",
  "PROMPT_VERSION:CREATED",
  "PROMPT_ALIAS:CREATED",
  "PROMPT_ALIAS:DELETED",
  "STAGE:UPDATED",
  "APPROVAL:CREATED",
  "APPROVAL:DECIDED",
  "APPROVAL:UPDATED",
];

/** Where events of the registry go. */
export default function WebhooksPage() {
  const query = useGet(PATH, {});
  const { can } = useSession();
  const [adding, setAdding] = useState(false);
  const write = can("catalog:write");
  const change = useChange(
    ({ id, status }: { id: string; status: "ACTIVE" | "DISABLED" }) =>
      unwrap(client.PATCH(ONE, { params: { path: { webhook_id: id } }, body: { status } })),
    [PATH],
  );
  const remove = useChange(
    (id: string) => unwrap(client.DELETE(ONE, { params: { path: { webhook_id: id } } })),
    [PATH],
  );
  const test = useChange(
    (id: string) => unwrap(client.POST(`${ONE}/test`, { params: { path: { webhook_id: id } } })),
    [],
  );
  const send = (hook: Webhook) =>
    test.mutate(hook.id, {
      onSuccess: (outcome) =>
        outcome.success
          ? notifyDone(`${hook.name} answered ${outcome.status}`)
          : notifyError(`${hook.name} did not take it`, new Error(outcome.error)),
      onError: (error) => notifyError("The example was not sent", error),
    });
  return (
    <>
      <PageHeader
        title="Registry webhooks"
        time={false}
        aside={<Pivot to="/approvals">Approvals</Pivot>}
        actions={write && <Button onClick={() => setAdding(true)}>Add a webhook</Button>}
      />
      <div className={classes.body}>
        <QueryState
          query={query}
          isEmpty={(data) => data.webhooks.length === 0}
          empty={
            <Empty title="Nobody is told of changes in the registry">
              A webhook gets signed events of versions, stages, aliases and approvals.
            </Empty>
          }
        >
          {(data) => (
            <Listing
              minWidth={760}
              wrap
              columns={[
                "Webhook",
                "Address",
                "Events",
                "State",
                numeric("Waiting"),
                write && "Actions",
              ]}
            >
              {data.webhooks.map((hook) => (
                <Table.Tr key={hook.id}>
                  <Table.Td>
                    {hook.name}
                    <div className="dimmed">{hook.description}</div>
                  </Table.Td>
                  <Table.Td className={classes.code}>{hook.url}</Table.Td>
                  <Table.Td className={classes.code}>
                    {hook.events.map((one) => (
                      <div key={`${one.entity} ${one.action}`}>
                        {one.entity} {one.action}
                      </div>
                    ))}
                  </Table.Td>
                  <Table.Td>
                    <Badge
                      size="xs"
                      variant="light"
                      autoContrast
                      color={hook.status === "ACTIVE" ? "green" : "gray"}
                    >
                      {hook.status.toLowerCase()}
                    </Badge>{" "}
                    {hook.signed ? "signed" : "not signed"}
                  </Table.Td>
                  <Table.Td className="number">{hook.waiting}</Table.Td>
                  {write && (
                    <Table.Td>
                      <Group gap={4} wrap="nowrap">
                        <Button
                          size="compact-xs"
                          variant="default"
                          loading={test.isPending}
                          onClick={() => send(hook)}
                        >
                          Test
                        </Button>
                        <Button
                          size="compact-xs"
                          variant="default"
                          onClick={() =>
                            change.mutate({
                              id: hook.id,
                              status: hook.status === "ACTIVE" ? "DISABLED" : "ACTIVE",
                            })
                          }
                        >
                          {hook.status === "ACTIVE" ? "Disable" : "Enable"}
                        </Button>
                        <Confirm
                          label="Delete"
                          question="What waits for it is dropped."
                          confirm="Delete the webhook"
                          onConfirm={() =>
                            remove.mutate(hook.id, {
                              onError: (error) => notifyError("It was not deleted", error),
                            })
                          }
                        />
                      </Group>
                    </Table.Td>
                  )}
                </Table.Tr>
              ))}
            </Listing>
          )}
        </QueryState>
      </div>
      {adding && <NewWebhook onClose={() => setAdding(false)} />}
    </>
  );
}

function NewWebhook({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState("");
  const [events, setEvents] = useState<string[]>(["STAGE:UPDATED"]);
  const create = useChange(
    () =>
      unwrap(
        client.POST(PATH, {
          body: {
            name,
            url,
            secret: secret || null,
            events: events.map((one) => {
              const [entity = "", action = ""] = one.split(":");
              return { entity, action };
            }),
          },
        }),
      ),
    [PATH],
  );
  const submit = () => {
    create.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <ModalForm
      onClose={onClose}
      title="Add a webhook"
      size="lg"
      button="Add"
      busy={create.isPending}
      disabled={!events.length}
      onSubmit={submit}
    >
      <TextInput
        label="Name"
        required
        maxLength={256}
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Address (https)"
        required
        maxLength={2048}
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        error={create.error && `${create.error.message}; ${create.error.remedy ?? ""}`}
      />
      <PasswordInput
        label="Secret that signs what is sent; it is not shown again"
        value={secret}
        onChange={(event) => setSecret(event.currentTarget.value)}
      />
      <Checkbox.Group label="Events" value={events} onChange={setEvents}>
        <SimpleGrid cols={{ base: 1, sm: 2 }} mt={6} spacing={4}>
          {EVENTS.map((one) => (
            <Checkbox key={one} size="xs" value={one} label={one.replace(":", " ")} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
    </ModalForm>
  );
}
