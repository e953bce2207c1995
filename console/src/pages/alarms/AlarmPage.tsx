import { Anchor, Group, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useGet } from "@/api/query";
import { formatValue } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Partial, QueryState, Snippet } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Actions } from "./Actions";
import { AlarmChart } from "./AlarmChart";
import { Marks } from "./AlarmTable";
import classes from "./alarms.module.css";
import { Causes } from "./Causes";
import { Comments } from "./Comments";
import { Deliveries } from "./Deliveries";
import { type Alarm, asCode, labelText, seriesName } from "./model";
import { StateBadge } from "./StateBadge";
import { Timeline } from "./Timeline";

const REFRESH_MS = 15_000;
const PARAMS = { series: text() };

/** One alarm: what it is in and why, its series, what happened, and what may be the cause. */
export default function AlarmPage() {
  const { alarm: id } = useParams({ strict: false }) as { alarm: string };
  const query = useGet(
    "/api/v1/alarms/{alarm}",
    { params: { path: { alarm: id } } },
    { refetchInterval: REFRESH_MS },
  );
  return (
    <>
      <PageHeader
        title={query.data?.name ?? "Alarm"}
        aside={query.data && <StateBadge state={query.data.state} />}
        actions={query.data && <Actions alarm={query.data} />}
      />
      <Stack gap="sm" className={classes.page}>
        <QueryState query={query} height={300}>
          {(alarm) => <Details alarm={alarm} />}
        </QueryState>
      </Stack>
    </>
  );
}

function Details({ alarm }: { alarm: Alarm }) {
  const [url, setUrl] = useUrlState(PARAMS);
  const { query: range } = useTimeRange();
  const history = useGet("/api/v1/alarms/{alarm}/history", {
    params: { path: { alarm: alarm.id }, query: { ...range, limit: 200 } },
  });
  const composite = alarm.spec.source.type === "composite";
  return (
    <Stack gap="sm">
      <About alarm={alarm} />
      {composite ? (
        <Children names={alarm.children} />
      ) : (
        <AlarmChart
          alarm={alarm}
          series={url.series}
          events={history.data?.events ?? []}
          onSeries={(series) => setUrl({ series })}
        />
      )}
      <div className={classes.columns}>
        <Stack gap="sm">
          {!composite && (
            <Contributors
              id={alarm.id}
              chosen={url.series}
              onChoose={(series) => setUrl({ series })}
            />
          )}
          <Panel title="What happened">
            <QueryState
              query={history}
              isEmpty={(data) => data.events.length === 0}
              empty={
                <Text size="sm" c="dimmed" className={classes.pad}>
                  Nothing changed in this time range.
                </Text>
              }
            >
              {(data) => <Timeline events={data.events} />}
            </QueryState>
          </Panel>
        </Stack>
        <Stack gap="sm">
          <Causes alarm={alarm} />
          <Comments id={alarm.id} />
          <Deliveries alarm={alarm} />
          <Panel title="As code">
            <div className={classes.pad}>
              <Snippet
                text={asCode({ name: alarm.name, labels: alarm.labels, spec: alarm.spec })}
              />
            </div>
          </Panel>
        </Stack>
      </div>
    </Stack>
  );
}

function About({ alarm }: { alarm: Alarm }) {
  const { spec } = alarm;
  return (
    <Panel title={alarm.summary} aside={<Marks alarm={alarm} />}>
      {spec.description && (
        <Text size="sm" className={`${classes.pad} ${classes.wrap}`}>
          {spec.description}
        </Text>
      )}
      <div className={classes.pad} style={{ paddingTop: 0 }}>
        {alarm.evaluation_reason && <Partial>{alarm.evaluation_reason}</Partial>}
        {alarm.acknowledgement && (
          <Text size="sm">
            Acknowledged by {alarm.acknowledgement.by}, <Moment at={alarm.acknowledgement.at} ago />
            {alarm.acknowledgement.comment && `: ${alarm.acknowledgement.comment}`}
          </Text>
        )}
      </div>
      <Facts>
        <Fact name="Since">
          <Moment at={alarm.since} />
        </Fact>
        <Fact name="Why">{alarm.reason || "–"}</Fact>
        <Fact name="Series in alarm">
          {alarm.in_alarm} of {alarm.series}
          {alarm.pending > 0 && `, ${alarm.pending} pending`}
        </Fact>
        <Fact name="Severity">{spec.severity ?? "warning"}</Fact>
        {alarm.quiet && <Fact name="Not told">{alarm.quiet}</Fact>}
        {spec.runbook && (
          <Fact name="Runbook">
            <Anchor href={spec.runbook} rel="noreferrer noopener" target="_blank" size="sm">
              {spec.runbook}
            </Anchor>
          </Fact>
        )}
        {Object.keys(alarm.labels).length > 0 && (
          <Fact name="Labels">{labelText(alarm.labels)}</Fact>
        )}
        <Fact name="Changed">
          <Moment at={alarm.updated} /> by {alarm.updated_by}
          {alarm.owner && `, kept as code by ${alarm.owner}`}
        </Fact>
      </Facts>
    </Panel>
  );
}

function Children({ names }: { names: readonly string[] }) {
  return (
    <Panel title="Alarms that it is made of">
      <SimpleGrid cols={{ base: 1, md: 2 }} className={classes.pad} spacing={6}>
        {[...new Set(names)].map((name) => (
          <Child key={name} name={name} />
        ))}
      </SimpleGrid>
    </Panel>
  );
}

function Child({ name }: { name: string }) {
  const query = useGet(
    "/api/v1/alarms/{alarm}",
    { params: { path: { alarm: name } } },
    { refetchInterval: REFRESH_MS },
  );
  return (
    <Group gap={8} wrap="nowrap">
      {query.data ? (
        <StateBadge state={query.data.state} />
      ) : (
        <span>{query.error ? "?" : "…"}</span>
      )}
      <PageLink to="/alarms/$alarm" params={{ alarm: query.data?.id ?? name }}>
        {name}
      </PageLink>
      {query.error && (
        <Text size="xs" c="dimmed">
          {query.error.message}
        </Text>
      )}
    </Group>
  );
}

interface ContributorsProps {
  id: string;
  chosen: string;
  onChoose: (series: string) => void;
}

const MOST = 200;

function Contributors({ id, chosen, onChoose }: ContributorsProps) {
  const query = useGet(
    "/api/v1/alarms/{alarm}/contributors",
    { params: { path: { alarm: id } } },
    { refetchInterval: REFRESH_MS },
  );
  return (
    <Panel title="Series and their states">
      <QueryState
        query={query}
        isEmpty={(data) => data.contributors.length === 0}
        empty={
          <Text size="sm" c="dimmed" className={classes.pad}>
            It was not evaluated yet: the first evaluation comes within a minute.
          </Text>
        }
      >
        {(data) => (
          <Table.ScrollContainer minWidth={620}>
            <Listing dimHead columns={["State", "Series", "Value", "Since", "Given to the routes"]}>
              {data.contributors.slice(0, MOST).map((one) => {
                const name = labelText(one.labels);
                return (
                  <Table.Tr
                    key={name}
                    bg={name && name === chosen ? "var(--v-selected)" : undefined}
                  >
                    <Table.Td>
                      <StateBadge state={one.state} />
                      {one.pending_since && (
                        <Text size="xs" c="dimmed">
                          pending
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Anchor
                        component="button"
                        size="sm"
                        className={classes.series}
                        ta="left"
                        onClick={() => onChoose(name === chosen ? "" : name)}
                        aria-pressed={name === chosen}
                      >
                        {seriesName(one.labels)}
                      </Anchor>
                      <Text size="xs" c="dimmed" className={classes.wrap}>
                        {one.reason}
                      </Text>
                      {one.labels.service && <Elsewhere service={one.labels.service} />}
                    </Table.Td>
                    <Table.Td>{one.value === null ? "–" : formatValue(one.value, "")}</Table.Td>
                    <Table.Td>
                      <Moment at={one.since} ago />
                    </Table.Td>
                    <Table.Td>
                      {one.told ? (
                        <>
                          {one.told === "ALARM" ? "firing" : "resolved"}{" "}
                          <Moment at={one.told_at} ago />
                        </>
                      ) : (
                        "–"
                      )}
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Listing>
            {data.contributors.length > MOST && (
              <Partial>{data.contributors.length - MOST} more series are not shown.</Partial>
            )}
          </Table.ScrollContainer>
        )}
      </QueryState>
    </Panel>
  );
}

function Elsewhere({ service }: { service: string }) {
  const q = `service:${JSON.stringify(service)}`;
  return (
    <Group gap={8}>
      {(["/logs", "/traces"] as const).map((to) => (
        <PageLink key={to} to={to} search={{ q }}>
          <Text size="xs" component="span">
            its {to.slice(1)}
          </Text>
        </PageLink>
      ))}
      <PageLink to="/services/$service" params={{ service }}>
        <Text size="xs" component="span">
          the service
        </Text>
      </PageLink>
    </Group>
  );
}
