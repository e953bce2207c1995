import { Badge, Button, Stack, Table, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { alarmSearch } from "@/components/CreateAlarm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";
import { useSession } from "@/session/SessionProvider";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { FilterForm } from "./FilterForm";

type Filter = components["schemas"]["FilterView"];
export const PATH = "/api/v1/metric-filters";
const PARAMS = { edit: text() };
const NEW = "new";

/** Patterns of log events and the metrics that are made of them. */
export default function MetricFiltersPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const query = useGet(PATH, { params: { query: { limit: 1000 } } });
  const edited = query.data?.filters.find((one) => one.id === url.edit);
  const open = url.edit === NEW || edited !== undefined;
  return (
    <>
      <PageHeader
        title="Metric filters"
        actions={
          can("catalog:write") && (
            <Button leftSection={<IconPlus size={14} />} onClick={() => setUrl({ edit: NEW })}>
              New filter
            </Button>
          )
        }
      />
      <Stack gap="sm" className={classes.page}>
        {open && <FilterForm key={url.edit} filter={edited} onClose={() => setUrl({ edit: "" })} />}
        <Panel title="Filters">
          <QueryState
            query={query}
            isEmpty={(data) => data.filters.length === 0}
            empty={
              <Empty title="No metric is made of log events yet">
                A filter counts the events that match a pattern, or takes a number from them. Try
                one: the tester shows its matches on stored events before you save it.
              </Empty>
            }
          >
            {(data) => <Filters filters={data.filters} onEdit={(edit) => setUrl({ edit })} />}
          </QueryState>
        </Panel>
      </Stack>
    </>
  );
}

interface FiltersProps {
  filters: readonly Filter[];
  onEdit: (id: string) => void;
}

function Filters({ filters, onEdit }: FiltersProps) {
  const { can } = useSession();
  const remove = useChange(
    (id: string) =>
      unwrap(
        client.DELETE("/api/v1/metric-filters/{filter_id}", {
          params: { path: { filter_id: id } },
        }),
      ),
    [PATH],
  );
  const metric = (one: Filter) => ({
    m: JSON.stringify({
      queries: [{ id: "m1", metric: one.metric, statistic: "Sum" }],
      formulas: [],
    }),
  });
  return (
    <Listing
      minWidth={760}
      dimHead
      columns={["Filter", "Metric", "Value", "Applied since", ACTIONS]}
    >
      {filters.map((one) => (
        <Table.Tr key={one.id}>
          <Table.Td className={classes.wrap}>
            <strong>{one.name}</strong>{" "}
            {!one.enabled && (
              <Badge size="sm" variant="outline" color="gray">
                off
              </Badge>
            )}
            <Text size="xs" c="dimmed" className={`mono ${classes.wrap}`}>
              {one.pattern || "every event"}
              {one.service && ` · of ${one.service}`}
            </Text>
          </Table.Td>
          <Table.Td className={classes.wrap}>
            <PageLink to="/metrics" search={metric(one)}>
              {one.metric}
            </PageLink>
            {one.namespace && (
              <Text size="xs" c="dimmed">
                {one.namespace}
              </Text>
            )}
          </Table.Td>
          <Table.Td className={classes.wrap}>
            {one.value}
            {one.unit && ` ${one.unit}`}
            <Text size="xs" c="dimmed">
              {one.default_value !== null && `${one.default_value} where none matches`}
              {Object.entries(one.dimensions)
                .map(([name, of]) => `${name} = ${of}`)
                .join(", ")}
            </Text>
          </Table.Td>
          <Table.Td>
            <Moment at={one.since} />
          </Table.Td>
          <Table.Td ta="right">
            {can("catalog:write") && (
              <Button.Group style={{ justifyContent: "flex-end" }}>
                <Button
                  component={PageLink}
                  variant="default"
                  size="compact-xs"
                  to="/alarms/new"
                  search={alarmSearch(sourceOf(one))}
                >
                  Alarm
                </Button>
                <Button variant="default" size="compact-xs" onClick={() => onEdit(one.id)}>
                  Edit
                </Button>
                <Confirm
                  label="Remove"
                  question={`No points are made by "${one.name}" any more; those there are stay.`}
                  confirm="Remove the filter"
                  onConfirm={() =>
                    remove.mutate(one.id, {
                      onError: (error) => notifyError("The filter was not removed", error),
                    })
                  }
                />
              </Button.Group>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function sourceOf(one: Filter) {
  const query = { id: "m1", metric: one.metric, statistic: "Sum" };
  return { type: "metric" as const, queries: [query] };
}
