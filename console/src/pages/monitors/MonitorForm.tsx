import { Button, Checkbox, Group, Select, SimpleGrid, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { notifyDone } from "@/components/notify";
import { ErrorPanel } from "@/components/QueryState";
import classes from "@/pages/datasets/datasets.module.css";
import { type FormValues, NEW, type Spec, specOf, valuesOf } from "./form";

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
  const datasets = useGet("/api/v1/datasets", { params: { query: {} } });
  const baselines = useGet(
    "/api/v1/datasets/{dataset}/baselines",
    { params: { path: { dataset: values.dataset } } },
    { enabled: values.baseline === "frozen" && Boolean(values.dataset) },
  );
  const put = useChange(
    ({ name, spec }: { name: string; spec: Spec }) =>
      monitor
        ? unwrap(client.PUT("/api/v1/monitors/{name}", { params: { path: { name } }, body: spec }))
        : unwrap(client.POST("/api/v1/monitors", { body: { name, spec } })),
    ["/api/v1/monitors"],
  );
  const set = <K extends keyof FormValues>(name: K, value: FormValues[K]) =>
    setValues((all) => ({ ...all, [name]: value }));
  const input = (name: keyof FormValues) => ({
    value: values[name] as string,
    error: wrong[name],
    onChange: (event: { currentTarget: { value: string } }) =>
      set(name, event.currentTarget.value as never),
  });
  const box = (name: keyof FormValues) => ({
    checked: values[name] as boolean,
    onChange: (event: { currentTarget: { checked: boolean } }) =>
      set(name, event.currentTarget.checked as never),
  });
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
  const names = datasets.data?.datasets.map((one) => one.name) ?? [];
  return (
    <form onSubmit={submit} className={classes.pad}>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing={10}>
        <TextInput
          label="Name"
          required
          maxLength={255}
          disabled={monitor !== undefined}
          {...input("name")}
        />
        <TextInput
          label="Dataset"
          required
          maxLength={200}
          list="dataset-names"
          {...input("dataset")}
        />
        <TextInput
          label="Schedule"
          description="every 1h, a cron expression, or arrival"
          required
          {...input("schedule")}
        />
        <TextInput label="Window" description="such as 1h or 1d" required {...input("window")} />
        <TextInput
          label="Late data"
          description="how long a window may still change"
          required
          {...input("late")}
        />
        <Select
          label="Baseline"
          description="what windows are compared with"
          data={[
            { value: "rolling", label: "what was before, rolling" },
            { value: "frozen", label: "a frozen baseline" },
            { value: "none", label: "none" },
          ]}
          allowDeselect={false}
          value={values.baseline}
          error={wrong.baseline}
          onChange={(value) => set("baseline", (value ?? "rolling") as FormValues["baseline"])}
        />
        {values.baseline === "rolling" && (
          <>
            <TextInput label="Reaches back" description="such as 14d" {...input("over")} />
            <TextInput label="Gap before the window" description="such as 1d" {...input("gap")} />
          </>
        )}
        {values.baseline === "frozen" && (
          <Select
            label="Frozen baseline"
            description="a range or a training set"
            data={[
              ...new Set([
                ...(baselines.data?.baselines.map((one) => one.name) ?? []),
                ...(values.frozen ? [values.frozen] : []),
              ]),
            ]}
            value={values.frozen || null}
            onChange={(value) => set("frozen", value ?? "")}
            searchable
          />
        )}
      </SimpleGrid>
      <datalist id="dataset-names">
        {names.slice(0, 200).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing={10} mt={10}>
        <TextInput
          label="Source"
          description="what the server profiles; empty: profiles are sent"
          placeholder="s3://bucket/orders/*.parquet"
          maxLength={2048}
          {...input("source")}
        />
        {values.source.trim() !== "" && (
          <>
            <TextInput
              label="Time column"
              description="puts rows into windows; empty: as it is then"
              {...input("timeColumn")}
            />
            <TextInput
              label="Secret"
              description={
                monitor?.hasSecret
                  ? "one is stored; a new one replaces it"
                  : "password, or KEY:SECRET"
              }
              type="password"
              autoComplete="new-password"
              {...input("secret")}
            />
            <TextInput
              label="Rows kept"
              description="of each window, to be looked at"
              inputMode="numeric"
              {...input("keepRows")}
            />
          </>
        )}
      </SimpleGrid>
      <Checkbox label="Watch drift" mt={12} {...box("drift")} />
      {values.drift && (
        <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing={10} mt={8}>
          <Select
            label="Decided as"
            data={["vedette", "evidently", "sagemaker", "nannyml"]}
            allowDeselect={false}
            value={values.preset}
            onChange={(value) => set("preset", value ?? "vedette")}
          />
          <TextInput
            label="Threshold"
            placeholder="the preset's"
            inputMode="decimal"
            {...input("threshold")}
          />
          <TextInput label="Significance level" inputMode="decimal" {...input("level")} />
          <TextInput
            label="Share of columns that makes the dataset drift"
            inputMode="decimal"
            {...input("share")}
          />
        </SimpleGrid>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={10} mt={12}>
        <Textarea
          label="Own checks, as JSON"
          description="those of the dataset hold beside them"
          autosize
          minRows={3}
          maxRows={12}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--v-mono)", fontSize: 12 } }}
          {...input("checks")}
        />
        <Textarea
          label="Segments, one a line"
          description="country=DE, plan=pro: each is watched beside the whole"
          autosize
          minRows={3}
          maxRows={12}
          {...input("segments")}
        />
      </SimpleGrid>
      <TextInput
        label="Only these columns"
        description="separated by commas; all where it is empty"
        mt={10}
        {...input("columns")}
      />
      <Group mt={12} gap={16}>
        <Checkbox label="The dataset's checks hold too" {...box("datasetChecks")} />
        <Checkbox label="On" {...box("enabled")} />
      </Group>
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
