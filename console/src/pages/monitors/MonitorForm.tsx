import { Button, Group } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import { notifyDone } from "@/components/notify";
import { ErrorPanel } from "@/components/QueryState";
import classes from "@/pages/datasets/datasets.module.css";
import { type FormValues, NEW, type Spec, specOf, valuesOf } from "./form";
import { CheckFields, DriftFields, fieldsOf, SourceFields, WhenFields } from "./MonitorFields";

interface Props {
  /** The dataset that a new monitor begins with. */
  dataset?: string;
  /** What is edited; none makes a new one. */
  monitor?: { name: string; spec: Spec; hasSecret?: boolean };
  onDone: () => void;
}

/** Make or change a monitor: schedule, baseline, drift, checks, segments. */
export default function MonitorForm({ dataset = "", monitor, onDone }: Props) {
  const [values, setValues] = useState<FormValues>(() =>
    monitor ? valuesOf(monitor.name, monitor.spec) : { ...NEW, dataset },
  );
  const [wrong, setWrong] = useState<Partial<Record<keyof FormValues, string>>>({});
  const put = useChange(
    ({ name, spec }: { name: string; spec: Spec }) =>
      monitor
        ? unwrap(client.PUT("/api/v1/monitors/{name}", { params: { path: { name } }, body: spec }))
        : unwrap(client.POST("/api/v1/monitors", { body: { name, spec } })),
    ["/api/v1/monitors"],
  );
  const fields = fieldsOf(values, wrong, (name, value) =>
    setValues((all) => ({ ...all, [name]: value })),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const made = specOf(values, monitor?.spec);
    if ("wrong" in made) {
      setWrong({ [made.field]: made.wrong });
      return;
    }
    setWrong({});
    put.mutate(
      { name: values.name.trim(), spec: made.spec },
      {
        onSuccess: () => {
          notifyDone(`The monitor ${values.name} is stored`);
          onDone();
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className={classes.pad}>
      <WhenFields fields={fields} fixedName={monitor !== undefined} />
      <SourceFields fields={fields} hasSecret={monitor?.hasSecret ?? false} />
      <DriftFields fields={fields} />
      <CheckFields fields={fields} />
      <Group mt={12} gap={8}>
        <Button type="submit" loading={put.isPending}>
          {monitor ? "Store" : "Create the monitor"}
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </Group>
      {put.error && <ErrorPanel error={put.error} />}
    </form>
  );
}
