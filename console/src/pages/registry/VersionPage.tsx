import { Button, Group, Select, Switch, Tabs, Textarea, TextInput } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { ModalForm } from "@/components/ModalForm";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { ErrorPanel, QueryState } from "@/components/QueryState";
import { resourceOf } from "@/components/resource";
import { useSession } from "@/session/SessionProvider";
import { formatAgo } from "@/time/format";
import { oneOf } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Card } from "./Card";
import { Description } from "./Description";
import { Difference } from "./Difference";
import classes from "./registry.module.css";
import { RequestMark, STAGES, StageMark } from "./Stage";
import { TagEditor } from "./TagEditor";

type Version = components["schemas"]["VersionView"];

const PARAMS = { tab: oneOf(["overview", "difference", "card"], "overview") };
const STALE = ["/api/v1/models", "/api/v1/approvals"];

export default function VersionPage() {
  const { name, version: text } = useParams({ strict: false }) as { name: string; version: string };
  const version = Number(text);
  const [url, setUrl] = useUrlState(PARAMS);
  const { can, session } = useSession();
  const [moving, setMoving] = useState(false);
  const query = useGet("/api/v1/models/{name}/versions/{version}", {
    params: { path: { name, version } },
  });
  return (
    <>
      <PageHeader
        title={`${name} v${text}`}
        time={false}
        aside={
          <Group gap="sm">
            {query.data && <StageMark stage={query.data.stage} status={query.data.stage_status} />}
            <Pivot to="/models/$name" params={{ name }}>
              All versions
            </Pivot>
            <Pivot to="/models/$name/monitoring" params={{ name }}>
              In production
            </Pivot>
            <Pivot
              to="/lineage"
              search={{ resource: resourceOf(session.account, "model", name, text) }}
            >
              Lineage
            </Pivot>
          </Group>
        }
        actions={
          query.data &&
          can("catalog:write") && <Button onClick={() => setMoving(true)}>Bring to a stage</Button>
        }
      />
      <QueryState query={query} height={240}>
        {(data) => (
          <Tabs
            value={url.tab}
            onChange={(tab) => setUrl({ tab: (tab ?? "overview") as "overview" })}
            keepMounted={false}
          >
            <Tabs.List mx={14} mb="xs">
              <Tabs.Tab value="overview">Overview</Tabs.Tab>
              <Tabs.Tab value="difference">Beside production</Tabs.Tab>
              <Tabs.Tab value="card">Model card</Tabs.Tab>
            </Tabs.List>
            <div className={classes.body}>
              <Tabs.Panel value="overview">
                <Overview version={data} />
              </Tabs.Panel>
              <Tabs.Panel value="difference">
                <Difference name={name} version={version} />
              </Tabs.Panel>
              <Tabs.Panel value="card">
                <Card name={name} version={version} />
              </Tabs.Panel>
            </div>
          </Tabs>
        )}
      </QueryState>
      {moving && query.data && <Move version={query.data} onClose={() => setMoving(false)} />}
    </>
  );
}

function Overview({ version }: { version: Version }) {
  const { model: name, version: number } = version;
  const { can } = useSession();
  const write = can("catalog:write");
  const path = { name, version: number };
  const approvals = useGet("/api/v1/approvals", {
    params: { query: { model: name, limit: 100 } },
  });
  const change = useChange(
    (body: { description?: string; tags?: Record<string, string | null> }) =>
      unwrap(client.PATCH("/api/v1/models/{name}/versions/{version}", { params: { path }, body })),
    STALE,
  );
  const save = (body: Parameters<typeof change.mutate>[0], done?: () => void) =>
    change.mutate(body, {
      onSuccess: done,
      onError: (error) => notifyError("The version was not changed", error),
    });
  return (
    <div className={classes.columns}>
      <div className={classes.stack}>
        <Description
          title="What is new in it"
          text={version.description}
          disabled={!write}
          saving={change.isPending}
          onSave={(description, done) => save({ description }, done)}
        />
        <Panel title="Where it came from">
          <ul className={classes.list}>
            <li>
              registered by {version.user_id || "somebody"},{" "}
              {formatAgo(version.created_ms, Date.now())}
            </li>
            {version.run_id && (
              <li>
                <Pivot to="/runs/$run" params={{ run: version.run_id }}>
                  Its run
                </Pivot>
              </li>
            )}
            {version.logged_model_id && (
              <li>
                <Pivot to="/logged-models/$model" params={{ model: version.logged_model_id }}>
                  Its logged model and files
                </Pivot>
              </li>
            )}
            <li className={classes.code}>{version.source}</li>
            <li className={classes.code}>{version.storage_location}</li>
          </ul>
        </Panel>
        <Panel title="Approval requests">
          <QueryState query={approvals}>
            {(data) => {
              const own = data.approvals.filter((one) => one.version === number);
              return (
                <ul className={classes.list}>
                  {own.map((one) => (
                    <li key={one.id}>
                      <PageLink
                        to="/approvals/$request"
                        params={{ request: one.id }}
                        className="link"
                      >
                        to {one.stage}
                      </PageLink>{" "}
                      <RequestMark status={one.status} />{" "}
                      <span className="dimmed">by {one.requested_by}</span>
                    </li>
                  ))}
                  {own.length === 0 && <li>Nobody asked for a stage yet.</li>}
                </ul>
              );
            }}
          </QueryState>
        </Panel>
      </div>
      <div className={classes.stack}>
        <AliasEditor version={version} disabled={!write} />
        <TagEditor tags={version.tags} disabled={!write} onChange={(tags) => save({ tags })} />
      </div>
    </div>
  );
}

function AliasEditor({ version, disabled }: { version: Version; disabled: boolean }) {
  const [alias, setAlias] = useState("");
  const name = version.model;
  const set = useChange(
    (to: string) =>
      unwrap(
        client.PUT("/api/v1/models/{name}/aliases/{alias}", {
          params: { path: { name, alias: to } },
          body: { version: version.version },
        }),
      ),
    STALE,
  );
  const drop = useChange(
    (from: string) =>
      unwrap(
        client.DELETE("/api/v1/models/{name}/aliases/{alias}", {
          params: { path: { name, alias: from } },
        }),
      ),
    STALE,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set.mutate(alias.trim(), { onSuccess: () => setAlias("") });
  };
  return (
    <Panel title={`Aliases (${version.aliases.length})`}>
      <div className={classes.pad}>
        {version.aliases.map((one) => (
          <Group key={one} justify="space-between">
            <span className={classes.code}>
              models:/{name}@{one}
            </span>
            {!disabled && (
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() =>
                  drop.mutate(one, {
                    onError: (error) => notifyError("The alias was not taken away", error),
                  })
                }
              >
                Take {one} away
              </Button>
            )}
          </Group>
        ))}
        {!disabled && (
          <form onSubmit={submit}>
            <Group gap={6} mt="xs" align="flex-start">
              <TextInput
                aria-label="Alias"
                placeholder="champion"
                value={alias}
                onChange={(event) => setAlias(event.currentTarget.value)}
              />
              <Button type="submit" variant="default" disabled={!alias.trim()}>
                Point here
              </Button>
            </Group>
          </form>
        )}
        {set.error && <ErrorPanel error={set.error} />}
      </div>
    </Panel>
  );
}

/** Bring a version into a stage; where a rule guards it, ask for an approval instead. */
function Move({ version, onClose }: { version: Version; onClose: () => void }) {
  const rules = useGet("/api/v1/approval-rules", {});
  const [stage, setStage] = useState("Production");
  const [others, setOthers] = useState(false);
  const [comment, setComment] = useState("");
  const path = { name: version.model, version: version.version };
  const rule =
    rules.data?.rules.find((one) => one.stage === stage && one.model === version.model) ??
    rules.data?.rules.find((one) => one.stage === stage && one.model === "*");
  const move = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/models/{name}/versions/{version}/stage", {
          params: { path },
          body: { stage, archive_others: others },
        }),
      ),
    STALE,
  );
  const ask = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/approvals", {
          body: { model: version.model, version: version.version, stage, comment },
        }),
      ),
    STALE,
  );
  const act = rule ? ask : move;
  const submit = () => {
    act.mutate(undefined, {
      onSuccess: () => {
        notifyDone(rule ? "The approval is asked for" : `The version is in ${stage}`);
        onClose();
      },
    });
  };
  return (
    <ModalForm
      onClose={onClose}
      title={`Bring version ${version.version} to a stage`}
      button={rule ? "Ask for approval" : "Bring it there"}
      busy={act.isPending}
      onSubmit={submit}
    >
      <Select
        label="Stage"
        data={[...STAGES]}
        value={stage}
        onChange={(next) => setStage(next ?? "Production")}
        allowDeselect={false}
      />
      {rule ? (
        <Textarea
          label={`${stage} needs ${rule.approvals} approvals and ${rule.checks.length} green checks. Why this version?`}
          autosize
          minRows={2}
          maxLength={5000}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
      ) : (
        <Switch
          label="Archive the versions that are in the stage"
          checked={others}
          onChange={(event) => setOthers(event.currentTarget.checked)}
        />
      )}
      {act.error && <ErrorPanel error={act.error} />}
    </ModalForm>
  );
}
