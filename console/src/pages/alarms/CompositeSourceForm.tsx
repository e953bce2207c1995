import { Select, Text, Textarea, TextInput } from "@mantine/core";
import { useGet } from "@/api/query";
import classes from "./alarms.module.css";
import type { CompositeSource } from "./model";
import type { SourceProps } from "./SourceForm";

/** A rule over the states of other alarms. */
export function CompositeSourceForm({ source, onChange }: SourceProps<CompositeSource>) {
  const alarms = useGet("/api/v1/alarms", { params: { query: { limit: 1000 } } });
  const names = alarms.data?.alarms.map((one) => one.name) ?? [];
  const suppressor = source.suppressor ?? null;
  const insert = (name: string | null) => {
    if (!name) return;
    const before = source.rule.trim();
    const term = `ALARM(${JSON.stringify(name)})`;
    onChange({ ...source, rule: before ? `${before} AND ${term}` : term });
  };
  return (
    <div className={classes.form}>
      <Textarea
        label="Rule"
        description={
          'ALARM("a"), OK("a"), INSUFFICIENT_DATA("a"), AND, OR, NOT, AT_LEAST(2, ALARM, ("a", "b", "c")), AT_LEAST(60%, NOT OK, (...))'
        }
        className={`${classes.grow} ${classes.mono}`}
        autosize
        minRows={2}
        maxLength={10_240}
        spellCheck={false}
        value={source.rule}
        onChange={(event) => onChange({ ...source, rule: event.currentTarget.value })}
      />
      <Select
        label="Add an alarm"
        placeholder="choose"
        w={220}
        searchable
        data={names}
        value={null}
        onChange={insert}
      />
      <Select
        label="Suppressor"
        description="while it fires, nothing is told"
        w={220}
        clearable
        searchable
        data={names}
        value={suppressor?.alarm ?? null}
        onChange={(alarm) =>
          onChange({ ...source, suppressor: alarm ? { ...suppressor, alarm } : null })
        }
      />
      {suppressor && (
        <>
          <TextInput
            label="Waits for it"
            w={110}
            value={suppressor.wait ?? "0s"}
            onChange={(event) =>
              onChange({
                ...source,
                suppressor: { ...suppressor, wait: event.currentTarget.value },
              })
            }
          />
          <TextInput
            label="And stays after"
            w={110}
            value={suppressor.extension ?? "0s"}
            onChange={(event) =>
              onChange({
                ...source,
                suppressor: { ...suppressor, extension: event.currentTarget.value },
              })
            }
          />
        </>
      )}
      <Text size="xs" c="dimmed">
        Alarms that a rule names may be made later; until then they count as insufficient data.
      </Text>
    </div>
  );
}
