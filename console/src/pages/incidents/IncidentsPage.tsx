import { Button, Group, Modal, Select, Stack, Table, Tabs, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { FindInput } from "@/components/FindInput";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import classes from "./incidents.module.css";
import { type Incident, lasted, STATUS_NAMES, STATUSES } from "./model";
import { StatusMark } from "./StatusMark";

const REFRESH_MS = 15_000;
const SEVERITIES = ["critical", "error", "warning", "info"] as const;
const PARAMS = { show: oneOf(["unresolved", ...STATUSES], "unresolved"), find: text() };

/** What went wrong together: alarms of one cause, who looks after them, and how far they are. */
export default function IncidentsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const [opening, setOpening] = useState(false);
  const query = useGet(
    "/api/v1/incidents",
    {
      params: {
        query: {
          ...(url.show === "unresolved" ? { unresolved: true } : { status: url.show }),
          search: url.find,
          limit: 200,
        },
      },
    },
    { refetchInterval: REFRESH_MS },
  );
  const counts = query.data?.counts;
  return (
    <>
      <PageHeader
        title="Incidents"
        actions={
          can("catalog:write") && (
            <Button leftSection={<IconPlus size={14} />} onClick={() => setOpening(true)}>
              Open an incident
            </Button>
          )
        }
      />
      <Stack gap="sm" className={classes.page}>
        <Tabs
          value={url.show}
          onChange={(show) => setUrl({ show: (show ?? "unresolved") as typeof url.show })}
        >
          <Tabs.List aria-label="Incidents by status">
            <Tabs.Tab value="unresolved">Unresolved</Tabs.Tab>
            {STATUSES.map((status) => (
              <Tabs.Tab key={status} value={status}>
                {STATUS_NAMES[status]}
                {counts && ` (${counts[status] ?? 0})`}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value={url.show}>
            <Stack gap="sm" pt="sm">
              <FindInput
                label="Search incidents by title"
                placeholder="Search by title"
                value={url.find}
                w={260}
                onFind={(find) => setUrl({ find })}
              />
              <Panel title={url.show === "unresolved" ? "Unresolved" : STATUS_NAMES[url.show]}>
                <QueryState
                  query={query}
                  isEmpty={(data) => data.incidents.length === 0}
                  empty={
                    <Empty title={url.find ? "No incident matches" : "There is none"}>
                      Alarms that fire together, of one service, one cause or one lineage, become an
                      incident by themselves; they close it when they are over.
                    </Empty>
                  }
                >
                  {(data) => <IncidentTable incidents={data.incidents} />}
                </QueryState>
              </Panel>
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </Stack>
      <Modal opened={opening} onClose={() => setOpening(false)} title="Open an incident">
        <OpenForm />
      </Modal>
    </>
  );
}

function IncidentTable({ incidents }: { incidents: readonly Incident[] }) {
  return (
    <Listing
      minWidth={760}
      dimHead
      verticalSpacing={6}
      columns={["No.", "Incident", "Status", "Severity", "Began", "Lasts", "Owner", "Alarms"]}
    >
      {incidents.map((one) => (
        <Table.Tr key={one.id}>
          <Table.Td>{one.number}</Table.Td>
          <Table.Td>
            <PageLink
              className={classes.title}
              to="/incidents/$incident"
              params={{ incident: String(one.number) }}
            >
              {one.title}
            </PageLink>
            <Text size="xs" c="dimmed" className={classes.wrap}>
              {one.services.join(", ")}
            </Text>
          </Table.Td>
          <Table.Td>
            <StatusMark status={one.status} />
          </Table.Td>
          <Table.Td>{one.severity}</Table.Td>
          <Table.Td>
            <Moment at={one.began} />
          </Table.Td>
          <Table.Td className="number">{lasted(one, Date.now())}</Table.Td>
          <Table.Td>{one.owner || "–"}</Table.Td>
          <Table.Td>
            {one.alarms.filter((alarm) => !alarm.ended).length} of {one.alarms.length} fire
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function OpenForm() {
  const openPage = useOpenPage();
  const [title, setTitle] = useState("");
  const [severity, setSeverity] = useState<(typeof SEVERITIES)[number]>("error");
  const open = useChange(
    () => unwrap(client.POST("/api/v1/incidents", { body: { title, severity, owner: "" } })),
    ["/api/v1/incidents"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    open.mutate(undefined, {
      onSuccess: (made) =>
        openPage("/incidents/$incident", { params: { incident: String(made.number) } }),
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="What is wrong"
          data-autofocus
          required
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Select
          label="Severity"
          allowDeselect={false}
          data={[...SEVERITIES]}
          value={severity}
          onChange={(value) => setSeverity((value ?? "error") as typeof severity)}
        />
        {open.error && <ErrorPanel error={open.error} />}
        <Group justify="flex-end">
          <Button type="submit" disabled={!title.trim()} loading={open.isPending}>
            Open
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
