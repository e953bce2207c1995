import { Button, Group, Select, TextInput } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { ModalForm } from "@/components/ModalForm";
import { PageHeader } from "@/components/PageHeader";
import { Pivot } from "@/components/Pivot";
import { QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Artifacts } from "./Artifacts";
import { Keyed } from "./Keyed";
import { statusOf } from "./LoggedModels";
import { formatMetric } from "./run";
import classes from "./training.module.css";

const PARAMS = { file: text("MLmodel") };

export default function LoggedModelPage() {
  const { model: id } = useParams({ strict: false }) as { model: string };
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const [registering, setRegistering] = useState(false);
  const query = useGet("/api/v1/logged-models/{model_id}", {
    params: { path: { model_id: id } },
  });
  const model = query.data;
  return (
    <>
      <PageHeader
        title={model?.name ?? "Logged model"}
        time={false}
        aside={
          model && (
            <Group gap="sm">
              <span className="dimmed">{statusOf(model.status)}</span>
              {model.source_run_id && (
                <Pivot to="/runs/$run" params={{ run: model.source_run_id }}>
                  Its run
                </Pivot>
              )}
              {model.registrations.map((one) => (
                <Pivot
                  key={`${one.model} ${one.version}`}
                  to="/models/$name/versions/$version"
                  params={{ name: one.model, version: String(one.version) }}
                >
                  {`${one.model} v${one.version}`}
                </Pivot>
              ))}
            </Group>
          )
        }
        actions={
          model &&
          can("catalog:write") && <Button onClick={() => setRegistering(true)}>Register</Button>
        }
      />
      <QueryState query={query} height={300}>
        {(loaded) => (
          <div className={classes.body}>
            <div className={classes.grid}>
              <Keyed
                title="Metrics"
                empty="No metric is logged of this model"
                rows={loaded.metrics.map((one) => ({
                  key: one.dataset_name ? `${one.key} on ${one.dataset_name}` : one.key,
                  value: formatMetric(one.value),
                }))}
              />
              <Keyed
                title="Parameters"
                empty="No parameter is logged of this model"
                rows={Object.entries(loaded.params).map(([key, value]) => ({ key, value }))}
              />
            </div>
            <Artifacts
              owner="logged_model"
              id={id}
              path={url.file}
              onPath={(file) => setUrl({ file })}
            />
          </div>
        )}
      </QueryState>
      {registering && <Register id={id} onClose={() => setRegistering(false)} />}
    </>
  );
}

function Register({ id, onClose }: { id: string; onClose: () => void }) {
  const models = useGet("/api/v1/models", { params: { query: { limit: 1000 } } });
  const [name, setName] = useState<string | null>(null);
  const [fresh, setFresh] = useState("");
  const openPage = useOpenPage();
  const register = useChange(async () => {
    if (fresh) await unwrap(client.POST("/api/v1/models", { body: { name: fresh } }));
    return unwrap(
      client.POST("/api/v1/models/{name}/versions", {
        params: { path: { name: fresh || (name ?? "") } },
        body: { logged_model_id: id },
      }),
    );
  }, ["/api/v1/models", "/api/v1/logged-models"]);
  const submit = () => {
    register.mutate(undefined, {
      onSuccess: (made) =>
        openPage("/models/$name/versions/$version", {
          params: { name: made.model, version: String(made.version) },
        }),
    });
  };
  return (
    <ModalForm
      onClose={onClose}
      title="Register as a version"
      button="Register"
      busy={register.isPending}
      disabled={!fresh && !name}
      onSubmit={submit}
    >
      <Select
        label="Of the model"
        data={(models.data?.models ?? []).map((one) => one.name)}
        value={name}
        onChange={setName}
        searchable
        clearable
        disabled={fresh !== ""}
      />
      <TextInput
        label="Or of a new one"
        value={fresh}
        maxLength={500}
        onChange={(event) => setFresh(event.currentTarget.value)}
        error={register.error?.message}
      />
    </ModalForm>
  );
}
