import { Anchor, Badge, Button, Group, SimpleGrid, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount, formatPercent } from "@/charts/units";
import { BandChart } from "@/components/BandChart";
import { Fact, Facts } from "@/components/Facts";
import { Listing, numeric } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "../settings.module.css";
import { BulkEdit } from "./BulkEdit";
import { Offenders } from "./Offenders";

type Report = components["schemas"]["Compliance"];
const MOST = 500;

interface Props {
  kind: string;
  policy: string;
  onChoose: (patch: { kind?: string; policy?: string }) => void;
  onResource: (resource: string) => void;
  onPolicies: () => void;
}

/** How far resources comply with the policies: by policy, by kind, over time, and who does not. */
export function Compliance({ kind, policy, onChoose, onResource, onPolicies }: Props) {
  const query = useGet("/api/v1/tags/compliance", {
    params: { query: { limit: MOST, kind, policy } },
  });
  return (
    <QueryState
      query={query}
      isEmpty={(data) => !data.policies.length}
      empty={
        <Panel title="Compliance">
          <Empty title="The account has no policy of tags">
            A policy says which tags resources of a kind must have, so that cost and alarms find
            their owners.{" "}
            <Anchor component="button" size="sm" onClick={onPolicies}>
              Make the first policy
            </Anchor>
          </Empty>
        </Panel>
      }
      height={320}
    >
      {(data) => (
        <div className={classes.stack}>
          <Summary data={data} kind={kind} policy={policy} onChoose={onChoose} />
          <Offences
            data={data}
            kind={kind}
            policy={policy}
            onChoose={onChoose}
            onResource={onResource}
          />
        </div>
      )}
    </QueryState>
  );
}

interface SummaryProps extends Pick<Props, "kind" | "policy" | "onChoose"> {
  data: Report;
}

function Summary({ data, kind, policy, onChoose }: SummaryProps) {
  const share = data.resources ? data.compliant / data.resources : null;
  return (
    <>
      <Panel title="Compliance">
        <Facts figures>
          <Fact name="resources that comply">{share === null ? "–" : formatPercent(share)}</Fact>
          <Fact name="resources">{formatCount(data.resources)}</Fact>
          <Fact name="that do not comply">{formatCount(data.resources - data.compliant)}</Fact>
        </Facts>
        <div className={classes.chart}>
          {data.trend.length > 1 ? (
            <BandChart
              label="Share of resources that comply, by day"
              unit="share"
              pastTimes={data.trend.map((one) => Date.parse(one.day) / 1000)}
              past={data.trend.map((one) => (one.resources ? one.compliant / one.resources : null))}
              width={1100}
              height={150}
            />
          ) : (
            <Text size="sm" c="dimmed">
              The trend begins with the second day on which there is a policy.
            </Text>
          )}
        </div>
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={12}>
        <Shares
          title="By policy"
          rows={data.policies.map((one) => ({ ...one, name: one.policy }))}
          chosen={policy}
          onChoose={(name) => onChoose({ policy: name })}
        />
        <Shares
          title="By kind of resource"
          rows={data.kinds.map((one) => ({ ...one, name: one.kind }))}
          chosen={kind}
          onChoose={(name) => onChoose({ kind: name })}
        />
      </SimpleGrid>
    </>
  );
}

interface SharesProps {
  title: string;
  rows: readonly { name: string; resources: number; compliant: number }[];
  chosen: string;
  onChoose: (name: string) => void;
}

function Shares({ title, rows, chosen, onChoose }: SharesProps) {
  return (
    <Panel title={title}>
      <Listing dimHead columns={["Name", numeric("Resources"), numeric("Comply")]}>
        {rows.map((one) => (
          <Table.Tr key={one.name}>
            <Table.Td>
              <Anchor
                component="button"
                size="sm"
                aria-pressed={chosen === one.name}
                fw={chosen === one.name ? 700 : undefined}
                onClick={() => onChoose(chosen === one.name ? "" : one.name)}
              >
                {one.name}
              </Anchor>
            </Table.Td>
            <Table.Td ta="right">{formatCount(one.resources)}</Table.Td>
            <Table.Td ta="right">
              {one.resources ? formatPercent(one.compliant / one.resources) : "nothing to tag"}
            </Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </Panel>
  );
}

interface OffencesProps extends Omit<Props, "onPolicies"> {
  data: Report;
}

function Offences({ data, kind, policy, onChoose, onResource }: OffencesProps) {
  const { can } = useSession();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const listed = new Set(data.offences.map((one) => one.resource));
  const picked = [...chosen].filter((one) => listed.has(one));
  return (
    <Panel
      title={`Who does not comply (${formatCount(data.offence_count)})`}
      aside={
        <Group gap={6}>
          {policy && <Chosen text={`policy ${policy}`} onGone={() => onChoose({ policy: "" })} />}
          {kind && <Chosen text={`kind ${kind}`} onGone={() => onChoose({ kind: "" })} />}
        </Group>
      }
    >
      {can("catalog:write") && data.offences.length > 0 && (
        <BulkEdit resources={picked} onDone={() => setChosen(new Set())} />
      )}
      {data.offences.length ? (
        <Offenders
          offences={data.offences}
          chosen={chosen}
          onChosen={setChosen}
          onResource={onResource}
        />
      ) : (
        <Empty title="Every resource complies" />
      )}
      {data.offence_count > data.offences.length && (
        <div className={classes.pad}>
          <Partial>
            The first {formatCount(data.offences.length)} are listed: choose a policy or a kind
            above.
          </Partial>
        </div>
      )}
    </Panel>
  );
}

function Chosen({ text, onGone }: { text: string; onGone: () => void }) {
  return (
    <Badge variant="default" tt="none" pr={2}>
      {text}{" "}
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        px={4}
        aria-label={`Without ${text}`}
        onClick={onGone}
      >
        ×
      </Button>
    </Badge>
  );
}
