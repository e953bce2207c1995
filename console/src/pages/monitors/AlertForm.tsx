import { Button, Group, NumberInput, Select, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import type { components } from "@/api/schema";
import { metricQuery } from "@/charts/metricQuery";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { ErrorPanel } from "@/components/QueryState";
import classes from "@/pages/datasets/datasets.module.css";
import { useSession } from "@/session/SessionProvider";
import type { Spec } from "./form";

type AlarmSpec = components["schemas"]["AlarmSpec"];

const WHAT = {
  violations: {
    label: "violated checks of severity error or critical",
    metric: "vedette.checks.violated",
    least: 1,
  },
  drift: { label: "share of columns that drifted", metric: "vedette.drift.share", least: 0.5 },
} as const;
type What = keyof typeof WHAT;

/** An alarm over the monitor's own metrics: M of the last N windows. */
export default function AlertForm({ name, spec }: { name: string; spec: Spec }) {
  const { can } = useSession();
  const [what, setWhat] = useState<What>(spec.drift ? "drift" : "violations");
  const [least, setLeast] = useState<number | string>(WHAT[what].least);
  const [m, setM] = useState<number | string>(1);
  const [n, setN] = useState<number | string>(1);
  const seconds = windowSeconds(spec.window ?? "1d");
  const most = Math.max(1, Math.floor((7 * 86_400) / Math.max(60, seconds)));
  const create = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/alarms", {
          body: {
            name: `${name}: ${WHAT[what].label}`,
            spec: alarmOf(name, what, Number(least), Number(m), Number(n), seconds),
          },
        }),
      ),
    ["/api/v1/alarms"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(undefined, {
      onSuccess: (made) => notifyDone(`The alarm “${made.name}” watches this monitor`),
    });
  };
  return (
    <Panel title="Alarm when M of the last N windows are bad">
      <form onSubmit={submit} className={classes.pad}>
        <Text size="sm" mb={8}>
          What the monitor finds are metrics, so an alarm over them needs nothing special: it tells
          by the routes of all alarms.
        </Text>
        <Group gap={10} align="flex-end">
          <Select
            label="Watched"
            w={340}
            allowDeselect={false}
            data={Object.entries(WHAT).map(([value, { label }]) => ({ value, label }))}
            value={what}
            onChange={(value) => {
              setWhat((value ?? "drift") as What);
              setLeast(WHAT[(value ?? "drift") as What].least);
            }}
          />
          <NumberInput label="From" min={0} value={least} onChange={setLeast} w={90} />
          <NumberInput label="M" min={1} max={Number(n)} value={m} onChange={setM} w={80} />
          <NumberInput
            label={`of the last N windows (${spec.window})`}
            min={1}
            max={most}
            value={n}
            onChange={setN}
            w={210}
          />
          <Button type="submit" disabled={!can("catalog:write")} loading={create.isPending}>
            Create the alarm
          </Button>
        </Group>
        {create.error && <ErrorPanel error={create.error} />}
      </form>
    </Panel>
  );
}

export function windowSeconds(text: string): number {
  const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*([smhdw])/g))
    seconds += Number(count) * (units[unit as string] as number);
  return seconds || 86_400;
}

/** The alarm's definition; a period of it is the monitor's window. */
export function alarmOf(
  name: string,
  what: What,
  least: number,
  m: number,
  n: number,
  seconds: number,
): AlarmSpec {
  const matchers = [{ label: "monitor", operator: "=" as const, value: name }];
  const severe = { label: "severity", operator: "=~" as const, value: "error|critical" };
  return {
    source: {
      type: "metric",
      queries: [
        metricQuery("m1", WHAT[what].metric, {
          statistic: "Maximum",
          matchers: what === "violations" ? [...matchers, severe] : matchers,
        }),
      ],
    },
    condition: { threshold: { comparison: ">=", threshold: least } },
    period: Math.max(60, Math.round(seconds / 60) * 60),
    periods: n,
    to_alarm: m,
  } as unknown as AlarmSpec;
}
