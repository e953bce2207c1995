import {
  Button,
  Checkbox,
  MultiSelect,
  NumberInput,
  Select,
  Table,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { EditDelete } from "@/components/EditDelete";
import { ACTIONS, Listing } from "@/components/Listing";
import { Matchers } from "@/components/Matchers";
import { OwnedName } from "@/components/OwnedName";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";
import { useSession } from "@/session/SessionProvider";
import { CHANNELS } from "./Channels";
import { NamedForm } from "./NamedForm";

type Route = components["schemas"]["RouteView"];
type Matcher = components["schemas"]["MatcherBody"];
const ROUTES = "/api/v1/notification-routes";

/** Which alarms go where, in the order in which routes are tried. */
export function Routes() {
  const { can } = useSession();
  const [edited, setEdited] = useState<Route | null>(null);
  const query = useGet(ROUTES, {});
  return (
    <>
      {can("catalog:write") && (
        <RouteForm key={edited?.id ?? "new"} route={edited} onDone={() => setEdited(null)} />
      )}
      <Panel title="Routes, in their order">
        <QueryState
          query={query}
          isEmpty={(data) => data.routes.length === 0}
          empty={
            <Empty title="No alarm goes anywhere yet">
              A route without conditions takes every alarm; the first that matches takes it.
            </Empty>
          }
        >
          {(data) => <RouteTable routes={data.routes} onEdit={setEdited} />}
        </QueryState>
      </Panel>
    </>
  );
}

function RouteTable({
  routes,
  onEdit,
}: {
  routes: readonly Route[];
  onEdit: (one: Route) => void;
}) {
  const { can } = useSession();
  const remove = useChange(
    (name: string) =>
      unwrap(client.DELETE("/api/v1/notification-routes/{name}", { params: { path: { name } } })),
    [ROUTES],
  );
  return (
    <Listing
      minWidth={680}
      dimHead
      columns={["Place", "Route", "Takes", "Sends to", "Together", ACTIONS]}
    >
      {routes.map((one) => (
        <Table.Tr key={one.id}>
          <Table.Td>{one.position}</Table.Td>
          <Table.Td className={classes.wrap}>
            <OwnedName name={one.name} owner={one.owner} />
          </Table.Td>
          <Table.Td className={classes.wrap}>
            {(one.spec.matchers ?? [])
              .map(({ label, operator, value }) => `${label}${operator ?? "="}${value}`)
              .join(", ") || "every alarm"}
            {one.spec.further && (
              <Text size="xs" c="dimmed">
                later routes are tried, too
              </Text>
            )}
          </Table.Td>
          <Table.Td className={classes.wrap}>
            {(one.spec.channels ?? []).join(", ")}
            {one.spec.policy && (
              <Text size="sm">
                <PageLink to="/on-call" search={{ tab: "policies" }}>
                  policy {one.spec.policy}
                </PageLink>
              </Text>
            )}
          </Table.Td>
          <Table.Td>
            by {(one.spec.group_by ?? ["alarm"]).join(", ") || "nothing"},{" "}
            {one.spec.group_wait ?? "5s"}
          </Table.Td>
          <Table.Td ta="right">
            {can("catalog:write") && (
              <Button.Group style={{ justifyContent: "flex-end" }}>
                <EditDelete
                  what="route"
                  name={one.name}
                  question={`Alarms go by "${one.name}" no more.`}
                  remove={remove}
                  onEdit={() => onEdit(one)}
                />
              </Button.Group>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function RouteForm({ route, onDone }: { route: Route | null; onDone: () => void }) {
  const channels = useGet(CHANNELS, {});
  const policies = useGet("/api/v1/escalation-policies", {});
  const spec = route?.spec;
  const [name, setName] = useState(route?.name ?? "");
  const [position, setPosition] = useState(route?.position ?? 100);
  const [matchers, setMatchers] = useState<Matcher[]>(spec?.matchers ?? []);
  const [to, setTo] = useState<string[]>(spec?.channels ?? []);
  const [policy, setPolicy] = useState<string | null>(spec?.policy ?? null);
  const [groupBy, setGroupBy] = useState<string[]>(spec?.group_by ?? ["alarm"]);
  const [wait, setWait] = useState(spec?.group_wait ?? "5s");
  const [further, setFurther] = useState(spec?.further ?? false);
  const put = useChange(
    () =>
      unwrap(
        client.POST(ROUTES, {
          body: {
            name: name.trim(),
            position,
            spec: { matchers, channels: to, policy, group_by: groupBy, group_wait: wait, further },
          },
        }),
      ),
    [ROUTES],
  );
  return (
    <NamedForm
      what="route"
      edited={route}
      name={name}
      onName={setName}
      put={put}
      disabled={!to.length && !policy}
      kept={`The route "${name}" is kept`}
      onKept={() => {
        setName("");
        onDone();
      }}
      onCancel={onDone}
      remark={
        <Text size="xs" c="dimmed" className={classes.pad}>
          Conditions are on labels of the alarm and its series, on alarm and severity, and on
          tag.KEY of the service that the series names.
        </Text>
      }
    >
      <NumberInput
        label="Place"
        description="lower ones first"
        w={110}
        min={0}
        max={100_000}
        value={position}
        onChange={(next) => setPosition(Number(next) || 0)}
      />
      <Matchers label="Takes alarms that match" value={matchers} onChange={setMatchers} />
      <MultiSelect
        label="Channels"
        miw={200}
        data={channels.data?.channels.map((one) => one.name) ?? []}
        value={to}
        onChange={setTo}
      />
      <Select
        label="Or by a policy"
        description="who is on call, and who is next"
        w={190}
        clearable
        data={policies.data?.policies.map((one) => one.name) ?? []}
        value={policy}
        onChange={setPolicy}
      />
      <TagsInput label="One message for the same" miw={180} value={groupBy} onChange={setGroupBy} />
      <TextInput
        label="Waits for more"
        w={110}
        value={wait}
        onChange={(event) => setWait(event.currentTarget.value.trim())}
      />
      <Checkbox
        size="xs"
        label="Later routes are tried, too"
        checked={further}
        onChange={(event) => setFurther(event.currentTarget.checked)}
      />
    </NamedForm>
  );
}
