import { Button, Menu, Select, Stack, Table, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { client, unwrap } from "@/api/client";
import { download } from "@/api/download";
import { useChange, useGet } from "@/api/query";
import { Fact, Facts } from "@/components/Facts";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { AddressLink, PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { Impact } from "./Impact";
import classes from "./incidents.module.css";
import { type Incident, lasted, STATUS_NAMES, STATUSES, type Status } from "./model";
import { Notes, Postmortem } from "./Postmortem";
import { StatusMark } from "./StatusMark";
import { IncidentTimeline } from "./Timeline";

const REFRESH_MS = 15_000;

/** One incident: its alarms and likely cause, what happened, what it cost, what was learned. */
export default function IncidentPage() {
  const { incident: id } = useParams({ strict: false }) as { incident: string };
  const query = useGet(
    "/api/v1/incidents/{incident}",
    { params: { path: { incident: id } } },
    { refetchInterval: REFRESH_MS },
  );
  const one = query.data;
  return (
    <>
      <PageHeader
        title={one ? `${one.number}: ${one.title}` : "Incident"}
        aside={one && <StatusMark status={one.status} />}
        actions={one && <Export one={one} />}
        time={false}
      />
      <Stack gap="sm" className={classes.page}>
        <QueryState query={query} height={300}>
          {(found) => (
            <Stack gap="sm">
              <About one={found} />
              <div className={classes.columns}>
                <Stack gap="sm">
                  <Alarms one={found} />
                  <IncidentTimeline number={found.number} />
                </Stack>
                <Stack gap="sm">
                  <Impact one={found} />
                  <Notes number={found.number} />
                  <Postmortem key={found.number} one={found} />
                </Stack>
              </div>
            </Stack>
          )}
        </QueryState>
      </Stack>
    </>
  );
}

function About({ one }: { one: Incident }) {
  const { can } = useSession();
  const edit = useChange(
    (body: { status?: Status; owner?: string }) =>
      unwrap(
        client.PATCH("/api/v1/incidents/{incident}", {
          params: { path: { incident: String(one.number) } },
          body,
        }),
      ),
    ["/api/v1/incidents"],
  );
  const writes = can("catalog:write");
  return (
    <Panel title="What is known">
      {edit.error && <ErrorPanel error={edit.error} />}
      <Facts>
        <Fact name="Status">
          {writes ? (
            <Select
              aria-label="Status"
              allowDeselect={false}
              value={one.status}
              data={STATUSES.map((value) => ({ value, label: STATUS_NAMES[value] }))}
              onChange={(status) => status && edit.mutate({ status: status as Status })}
            />
          ) : (
            STATUS_NAMES[one.status]
          )}
        </Fact>
        <Fact name="Owner">
          {writes ? (
            <TextInput
              key={one.owner}
              aria-label="Owner"
              placeholder="Who looks after it"
              defaultValue={one.owner}
              maxLength={200}
              onBlur={(event) => {
                const owner = event.currentTarget.value.trim();
                if (owner !== one.owner) edit.mutate({ owner });
              }}
              onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
            />
          ) : (
            one.owner || "–"
          )}
        </Fact>
        <Fact name="Severity">{one.severity}</Fact>
        <Fact name="Began">
          <Moment at={one.began} />
        </Fact>
        <Fact name={one.quiet_since || one.resolved ? "Lasted" : "Lasts"}>
          {lasted(one, Date.now())}
        </Fact>
        <Fact name="Services">
          {one.services.length === 0 && "–"}
          {one.services.map((name, at) => (
            <span key={name}>
              {at > 0 && ", "}
              <PageLink to="/services/$service" params={{ service: name }}>
                {name}
              </PageLink>
            </span>
          ))}
        </Fact>
        <Fact name="Likely cause">
          {one.cause ? (
            <AddressLink address={one.cause.link}>{one.cause.title}</AddressLink>
          ) : (
            "none found"
          )}
          {one.cause && (
            <Text size="xs" c="dimmed">
              {one.cause.reason}, <Moment at={one.cause.at} />
            </Text>
          )}
        </Fact>
        {one.resources.length > 0 && (
          <Fact name="Lineage of">
            {one.resources.map((resource, at) => (
              <span key={resource}>
                {at > 0 && ", "}
                <PageLink to="/lineage" search={{ resource }}>
                  {resource.split("/").slice(1).join(" ")}
                </PageLink>
              </span>
            ))}
          </Fact>
        )}
      </Facts>
    </Panel>
  );
}

function Alarms({ one }: { one: Incident }) {
  const { can } = useSession();
  const remove = useChange(
    (alarm: string) =>
      unwrap(
        client.DELETE("/api/v1/incidents/{incident}/alarms/{alarm}", {
          params: { path: { incident: String(one.number), alarm } },
        }),
      ),
    ["/api/v1/incidents"],
  );
  return (
    <Panel title="Alarms">
      {remove.error && <ErrorPanel error={remove.error} />}
      {one.alarms.length === 0 ? (
        <Empty title="No alarm belongs to it">
          Somebody opened it by hand. An alarm's page tells what it fires for.
        </Empty>
      ) : (
        <Listing
          minWidth={620}
          dimHead
          columns={[
            "Alarm",
            "Severity",
            "From",
            "To",
            "Why it belongs here",
            { children: <VisuallyHidden>Change</VisuallyHidden> },
          ]}
        >
          {one.alarms.map((alarm) => (
            <Table.Tr key={alarm.id}>
              <Table.Td className={classes.title} miw={150}>
                <PageLink to="/alarms/$alarm" params={{ alarm: alarm.id }}>
                  {alarm.name}
                </PageLink>
              </Table.Td>
              <Table.Td>{alarm.severity}</Table.Td>
              <Table.Td>
                <Moment at={alarm.since} />
              </Table.Td>
              <Table.Td>{alarm.ended ? <Moment at={alarm.ended} /> : "fires"}</Table.Td>
              <Table.Td className={classes.wrap}>{alarm.reason}</Table.Td>
              <Table.Td>
                {can("catalog:write") && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={`Take out ${alarm.name}`}
                    onClick={() => remove.mutate(alarm.name)}
                  >
                    Take out
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </Panel>
  );
}

function Export({ one }: { one: Incident }) {
  const save = (format: "html" | "markdown") => {
    const ending = format === "html" ? "html" : "md";
    download(
      `/api/v1/incidents/${one.number}/postmortem`,
      { format },
      `incident-${one.number}.${ending}`,
    ).catch((error) => notifyError("The incident could not be exported", error));
  };
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={14} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save("html")}>One HTML file</Menu.Item>
        <Menu.Item onClick={() => save("markdown")}>Markdown</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
