import { Group, Table } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { resourceOf } from "@/components/resource";
import { useSession } from "@/session/SessionProvider";
import { formatAgo } from "@/time/format";
import { Description } from "./Description";
import classes from "./registry.module.css";
import { StageMark } from "./Stage";
import { TagEditor } from "./TagEditor";

const PATH = "/api/v1/models";

export default function ModelPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const { can, session } = useSession();
  const openPage = useOpenPage();
  const query = useGet("/api/v1/models/{name}", { params: { path: { name } } });
  const versions = useGet("/api/v1/models/{name}/versions", {
    params: { path: { name }, query: { limit: 1000 } },
  });
  const change = useChange(
    (body: { description?: string; tags?: Record<string, string | null> }) =>
      unwrap(client.PATCH("/api/v1/models/{name}", { params: { path: { name } }, body })),
    [PATH],
  );
  const remove = useChange(
    () => unwrap(client.DELETE("/api/v1/models/{name}", { params: { path: { name } } })),
    [PATH],
  );
  const write = can("catalog:write");
  const save = (body: Parameters<typeof change.mutate>[0], done?: () => void) =>
    change.mutate(body, {
      onSuccess: done,
      onError: (error) => notifyError("The model was not changed", error),
    });
  return (
    <>
      <PageHeader
        title={name}
        time={false}
        aside={
          <Group gap="sm">
            <Pivot to="/models">All models</Pivot>
            <Pivot to="/models/$name/monitoring" params={{ name }}>
              In production
            </Pivot>
            <Pivot to="/lineage" search={{ resource: resourceOf(session.account, "model", name) }}>
              Lineage
            </Pivot>
          </Group>
        }
        actions={
          write && (
            <Confirm
              label="Delete"
              question={`${name}, its versions, cards and approval requests are deleted for ever. Files stay.`}
              confirm="Delete the model"
              busy={remove.isPending}
              onConfirm={() =>
                remove.mutate(undefined, {
                  onSuccess: () => {
                    notifyDone(`${name} is deleted`);
                    openPage("/models");
                  },
                  onError: (error) => notifyError("The model was not deleted", error),
                })
              }
            />
          )
        }
      />
      <div className={classes.body}>
        <QueryState query={query} height={120}>
          {(model) => (
            <div className={classes.columns}>
              <Description
                title="What it is for"
                text={model.description}
                disabled={!write}
                saving={change.isPending}
                onSave={(description, done) => save({ description }, done)}
              />
              <TagEditor tags={model.tags} disabled={!write} onChange={(tags) => save({ tags })} />
            </div>
          )}
        </QueryState>
        <Panel title="Versions">
          <QueryState
            query={versions}
            isEmpty={(data) => data.versions.length === 0}
            empty={
              <Empty
                title="There is no version yet"
                snippet={`mlflow.register_model("runs:/<run id>/model", "${name}")`}
              />
            }
          >
            {(data) => (
              <Listing
                minWidth={720}
                wrap
                highlightOnHover
                columns={["Version", "Stage", "Aliases", "Run", "Tags", "By", "Registered"]}
              >
                {data.versions.map((one) => (
                  <Table.Tr key={one.version}>
                    <Table.Td>
                      <PageLink
                        to="/models/$name/versions/$version"
                        params={{ name, version: String(one.version) }}
                        className="link"
                      >
                        Version {one.version}
                      </PageLink>
                      <div className="dimmed">{one.description.slice(0, 120)}</div>
                    </Table.Td>
                    <Table.Td>
                      <StageMark stage={one.stage} status={one.stage_status} />
                    </Table.Td>
                    <Table.Td>{one.aliases.join(", ")}</Table.Td>
                    <Table.Td>
                      {one.run_id && (
                        <PageLink to="/runs/$run" params={{ run: one.run_id }} className="link">
                          {one.run_id.slice(0, 8)}
                        </PageLink>
                      )}
                    </Table.Td>
                    <Table.Td className="dimmed">
                      {Object.entries(one.tags)
                        .map(([key, value]) => `${key}: ${value}`)
                        .join(", ")}
                    </Table.Td>
                    <Table.Td>{one.user_id}</Table.Td>
                    <Table.Td>{formatAgo(one.created_ms, Date.now())}</Table.Td>
                  </Table.Tr>
                ))}
              </Listing>
            )}
          </QueryState>
        </Panel>
      </div>
    </>
  );
}
