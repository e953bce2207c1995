import { Button, Tabs, Textarea, TextInput } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { useOpenPage } from "@/app/useOpenPage";
import { Confirm } from "@/components/Confirm";
import { ModalForm } from "@/components/ModalForm";
import { notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Pivot } from "@/components/Pivot";
import { ErrorPanel } from "@/components/QueryState";
import SavedViews from "@/components/SavedViews";
import { useSession } from "@/session/SessionProvider";
import { oneOf } from "@/url/params";
import { useUrlState } from "@/url/state";
import { LoggedModels } from "./LoggedModels";
import { RunTable } from "./RunTable";
import classes from "./training.module.css";

const PARAMS = { tab: oneOf(["runs", "models"], "runs") };
const PATH = "/api/v1/experiments";
const NOTE = "mlflow.note.content";

export default function ExperimentPage() {
  const { experiment } = useParams({ strict: false }) as { experiment: string };
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const openPage = useOpenPage();
  const [editing, setEditing] = useState(false);
  const query = useGet("/api/v1/experiments/{experiment_id}", {
    params: { path: { experiment_id: experiment } },
  });
  const remove = useChange(
    () =>
      unwrap(
        client.PATCH("/api/v1/experiments/{experiment_id}", {
          params: { path: { experiment_id: experiment } },
          body: { lifecycle_stage: "deleted" },
        }),
      ),
    [PATH],
  );
  if (query.error) {
    return (
      <>
        <PageHeader title="Experiment" time={false} />
        <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
      </>
    );
  }
  const data = query.data;
  return (
    <>
      <PageHeader
        title={data?.name ?? "Experiment"}
        time={false}
        aside={<Pivot to="/experiments">All experiments</Pivot>}
        actions={
          <>
            <SavedViews />
            {data && can("catalog:write") && (
              <>
                <Button variant="default" onClick={() => setEditing(true)}>
                  Edit
                </Button>
                {data.id !== "0" && data.lifecycle_stage === "active" && (
                  <Confirm
                    label="Delete"
                    question={`${data.name} and its ${data.runs} active runs are marked as deleted; they can be restored.`}
                    confirm="Delete the experiment"
                    busy={remove.isPending}
                    onConfirm={() =>
                      remove.mutate(undefined, {
                        onSuccess: () => openPage("/experiments"),
                        onError: (error) => notifyError("It was not deleted", error),
                      })
                    }
                  />
                )}
              </>
            )}
          </>
        }
      />
      {data?.tags[NOTE] && <p className={`${classes.tools} dimmed`}>{data.tags[NOTE]}</p>}
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: (tab ?? "runs") as "runs" })}
        keepMounted={false}
      >
        <Tabs.List className={classes.tabs} mb="xs">
          <Tabs.Tab value="runs">Runs</Tabs.Tab>
          <Tabs.Tab value="models">Logged models</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="runs">
          <RunTable experiment={experiment} />
        </Tabs.Panel>
        <Tabs.Panel value="models">
          <LoggedModels experiment={experiment} />
        </Tabs.Panel>
      </Tabs>
      {editing && data && <Edit experiment={data} onClose={() => setEditing(false)} />}
    </>
  );
}

function Edit({
  experiment,
  onClose,
}: {
  experiment: components["schemas"]["ExperimentView"];
  onClose: () => void;
}) {
  const [name, setName] = useState(experiment.name);
  const [description, setDescription] = useState(experiment.tags[NOTE] ?? "");
  const save = useChange(
    () =>
      unwrap(
        client.PATCH("/api/v1/experiments/{experiment_id}", {
          params: { path: { experiment_id: experiment.id } },
          body: {
            description,
            ...(name === experiment.name ? {} : { name }),
          },
        }),
      ),
    [PATH],
  );
  const submit = () => {
    save.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <ModalForm
      onClose={onClose}
      title="Edit the experiment"
      button="Save"
      busy={save.isPending}
      onSubmit={submit}
    >
      <TextInput
        label="Name"
        required
        maxLength={500}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={save.error?.message}
      />
      <Textarea
        label="What it is about"
        autosize
        minRows={3}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </ModalForm>
  );
}
