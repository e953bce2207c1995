import {
  Button,
  Group,
  Select,
  Stack,
  Switch,
  Table,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { Listing } from "@/components/Listing";
import { notifyDone } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { ErrorPanel, QueryState, Snippet } from "@/components/QueryState";
import { json } from "@/url/params";
import { useUrlState } from "@/url/state";
import classes from "./alarms.module.css";
import { ConditionForm } from "./ConditionForm";
import {
  asCode,
  checkDraft,
  type Draft,
  differences,
  isReady,
  labelText,
  newDraft,
  parseLabels,
  pruned,
  SEVERITIES,
} from "./model";
import { Preview } from "./Preview";
import { SourceForm } from "./SourceForm";

/** The draft is in the address: a link to it can be sent, and a chart can propose one. */
const PARAMS = { d: json<Draft | null>(null, checkDraft) };
const TYPING_MS = 500;

/** Make an alarm, or change one. */
export default function AlarmFormPage() {
  const { alarm } = useParams({ strict: false }) as { alarm?: string };
  return alarm ? <Edit id={alarm} /> : <New />;
}

function New() {
  const [url] = useUrlState(PARAMS);
  return (
    <>
      <PageHeader title="New alarm" />
      <Form initial={url.d ?? newDraft()} />
    </>
  );
}

function Edit({ id }: { id: string }) {
  const [url] = useUrlState(PARAMS);
  const query = useGet("/api/v1/alarms/{alarm}", { params: { path: { alarm: id } } });
  return (
    <>
      <PageHeader title={query.data ? `Edit ${query.data.name}` : "Edit alarm"} />
      <QueryState query={query} height={400}>
        {({ name, labels, spec }) => {
          const kept = { name, labels, spec };
          return <Form key={id} id={id} initial={url.d ?? kept} kept={kept} />;
        }}
      </QueryState>
    </>
  );
}

interface FormProps {
  id?: string;
  initial: Draft;
  /** What is stored, where the alarm is there already. */
  kept?: Draft;
}

function Form({ id, initial, kept }: FormProps) {
  const [draft, setDraft] = useState(initial);
  const [, setUrl] = useUrlState(PARAMS);
  const [settled] = useDebouncedValue(draft, TYPING_MS);
  const openPage = useOpenPage();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed changes the address
  useEffect(() => {
    if (settled !== initial) setUrl({ d: settled }, { replace: true });
  }, [settled]);
  const save = useChange(() => {
    const { name, labels, spec } = draft;
    return id
      ? unwrap(
          client.PUT("/api/v1/alarms/{alarm}", {
            params: { path: { alarm: id } },
            body: { spec, labels },
          }),
        )
      : unwrap(client.POST("/api/v1/alarms", { body: { name: name.trim(), spec, labels } }));
  }, ["/api/v1/alarms", "/api/v1/alarm-history"]);
  const submit = () =>
    save.mutate(undefined, {
      onSuccess: (made) => {
        notifyDone(`The alarm "${made.name}" is saved; it is evaluated within a minute`);
        openPage("/alarms/$alarm", { params: { alarm: made.id } });
      },
    });
  const setSpec = (spec: Draft["spec"]) => setDraft({ ...draft, spec });
  return (
    <Stack gap="sm" className={classes.page}>
      <Panel title="What it watches">
        <SourceForm spec={draft.spec} onChange={setSpec} error={save.error} />
      </Panel>
      <Panel title="When it fires">
        <ConditionForm spec={draft.spec} onChange={setSpec} />
      </Panel>
      <Preview
        draft={settled}
        ready={isReady(settled.spec)}
        onThreshold={setSpec}
        spec={draft.spec}
      />
      <Panel title="How people know it">
        <About draft={draft} onChange={setDraft} named={id !== undefined} />
        {kept && <Changes kept={kept} draft={draft} />}
        {save.error && <ErrorPanel error={save.error} />}
        <Group gap={8} className={classes.pad}>
          <Button
            onClick={submit}
            loading={save.isPending}
            disabled={!draft.name.trim() || !isReady(draft.spec)}
          >
            {id ? "Save the changes" : "Make the alarm"}
          </Button>
          {!draft.name.trim() && (
            <Text size="xs" c="dimmed">
              It needs a name.
            </Text>
          )}
          {!isReady(draft.spec) && (
            <Text size="xs" c="dimmed">
              Say what it watches.
            </Text>
          )}
        </Group>
      </Panel>
      <Panel title="As code">
        <Text size="xs" c="dimmed" className={classes.pad}>
          Keep it in a file and run "vedette apply": the plan shows what would change.
        </Text>
        <div className={classes.pad}>
          <Snippet text={asCode(draft)} />
        </div>
      </Panel>
    </Stack>
  );
}

interface AboutProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
  /** The name of an alarm that is there stays. */
  named: boolean;
}

function About({ draft, onChange, named }: AboutProps) {
  const { spec } = draft;
  const [labels, setLabels] = useState(labelText(draft.labels));
  const parsed = parseLabels(labels);
  const set = (patch: Partial<Draft["spec"]>) =>
    onChange({ ...draft, spec: { ...spec, ...patch } });
  return (
    <div className={classes.form}>
      <TextInput
        label="Name"
        required
        maxLength={255}
        w={280}
        disabled={named}
        value={draft.name}
        onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
      />
      <Select
        label="Severity"
        w={130}
        allowDeselect={false}
        data={[...SEVERITIES]}
        value={spec.severity ?? "warning"}
        onChange={(severity) => set({ severity: severity as (typeof SEVERITIES)[number] })}
      />
      <TextInput
        label="Labels"
        description="routes and mute windows match them"
        placeholder="team=payments, tier=1"
        w={260}
        value={labels}
        error={parsed === null && "write key=value, with commas between"}
        onChange={(event) => {
          setLabels(event.currentTarget.value);
          const next = parseLabels(event.currentTarget.value);
          if (next) onChange({ ...draft, labels: next });
        }}
      />
      <TextInput
        label="Runbook"
        description="what to do, as a link"
        placeholder="https://"
        w={280}
        maxLength={2048}
        value={spec.runbook ?? ""}
        onChange={(event) => set({ runbook: event.currentTarget.value.trim() })}
      />
      <Switch
        size="xs"
        label="It watches"
        checked={spec.enabled !== false}
        onChange={(event) => set({ enabled: event.currentTarget.checked })}
      />
      <Textarea
        label="What it means"
        description="is in every message"
        className={classes.grow}
        autosize
        minRows={2}
        maxLength={4096}
        value={spec.description ?? ""}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
    </div>
  );
}

function Changes({ kept, draft }: { kept: Draft; draft: Draft }) {
  const found = differences(
    { labels: kept.labels, spec: pruned(kept.spec) },
    { labels: draft.labels, spec: pruned(draft.spec) },
  );
  if (!found.length) return null;
  return (
    <Listing caption="What saving changes" dimHead columns={["Member", "Now", "Then"]}>
      {found.map((one) => (
        <Table.Tr key={one.path}>
          <Table.Td className="mono">{one.path}</Table.Td>
          <Table.Td className={classes.wrap}>{one.before}</Table.Td>
          <Table.Td className={classes.wrap}>{one.after}</Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
