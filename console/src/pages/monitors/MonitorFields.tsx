import { Checkbox, Group, Select, SimpleGrid, Textarea, TextInput } from "@mantine/core";
import { useGet } from "@/api/query";
import type { FormValues } from "./form";

/** What the fields of a form share: its values, what is wrong with them, and how inputs are bound. */
export interface Fields {
  values: FormValues;
  wrong: Partial<Record<keyof FormValues, string>>;
  set: <K extends keyof FormValues>(name: K, value: FormValues[K]) => void;
  input: (name: keyof FormValues) => {
    value: string;
    error: string | undefined;
    onChange: (event: { currentTarget: { value: string } }) => void;
  };
  box: (name: keyof FormValues) => {
    checked: boolean;
    onChange: (event: { currentTarget: { checked: boolean } }) => void;
  };
}

/** Bind inputs and boxes to a form's values by name. */
export function fieldsOf(values: FormValues, wrong: Fields["wrong"], set: Fields["set"]): Fields {
  return {
    values,
    wrong,
    set,
    input: (name) => ({
      value: values[name] as string,
      error: wrong[name],
      onChange: (event) => set(name, event.currentTarget.value as never),
    }),
    box: (name) => ({
      checked: values[name] as boolean,
      onChange: (event) => set(name, event.currentTarget.checked as never),
    }),
  };
}

/** Which data a monitor watches, when, and what it compares them with. */
export function WhenFields({ fields, fixedName }: { fields: Fields; fixedName: boolean }) {
  const { values, wrong, set, input } = fields;
  const datasets = useGet("/api/v1/datasets", { params: { query: {} } });
  const baselines = useGet(
    "/api/v1/datasets/{dataset}/baselines",
    { params: { path: { dataset: values.dataset } } },
    { enabled: values.baseline === "frozen" && Boolean(values.dataset) },
  );
  const names = datasets.data?.datasets.map((one) => one.name) ?? [];
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing={10}>
        <TextInput label="Name" required maxLength={255} disabled={fixedName} {...input("name")} />
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
    </>
  );
}

/** What the server profiles itself, where profiles are not sent. */
export function SourceFields({ fields, hasSecret }: { fields: Fields; hasSecret: boolean }) {
  const { values, input } = fields;
  return (
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
              hasSecret ? "one is stored; a new one replaces it" : "password, or KEY:SECRET"
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
  );
}

/** Whether and how drift is decided. */
export function DriftFields({ fields }: { fields: Fields }) {
  const { values, set, input, box } = fields;
  return (
    <>
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
    </>
  );
}

/** Checks, segments and columns, and whether the monitor is on. */
export function CheckFields({ fields }: { fields: Fields }) {
  const { input, box } = fields;
  return (
    <>
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
    </>
  );
}
