import { NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import classes from "./alarms.module.css";
import { type AlarmSpec, isCompared } from "./model";

const PERIODS = [10, 30, 60, 300, 900, 3600, 21_600, 86_400];
const MISSING = [
  { value: "missing", label: "is missing" },
  { value: "ignore", label: "leaves the state" },
  { value: "breaching", label: "breaches" },
  { value: "notBreaching", label: "is good" },
];
const COMPARISONS = [">", ">=", "<", "<="] as const;

interface Props {
  spec: AlarmSpec;
  onChange: (spec: AlarmSpec) => void;
}

/** When a data point breaches, and how many of them make an alarm. */
export function ConditionForm({ spec, onChange }: Props) {
  const set = (patch: Partial<AlarmSpec>) => onChange({ ...spec, ...patch });
  const composite = spec.source.type === "composite";
  return (
    <>
      {isCompared(spec.source.type) && <Comparison spec={spec} onChange={onChange} />}
      {!composite && <Periods spec={spec} set={set} />}
      <div className={classes.form}>
        <Duration
          label="Pending for"
          about="breaches so long first"
          value={spec.for ?? "0s"}
          onChange={(text) => set({ for: text })}
        />
        <Duration
          label="Stays for"
          about="after the last breach"
          value={spec.keep_firing_for ?? "0s"}
          onChange={(text) => set({ keep_firing_for: text })}
        />
        <Duration
          label="Tells again every"
          about="until acknowledged"
          placeholder="never"
          value={spec.renotify ?? ""}
          onChange={(text) => set({ renotify: text || null })}
        />
        {!composite && (
          <Duration
            label="Forgets series after"
            about="without data"
            placeholder="as usual"
            value={spec.forget_after ?? ""}
            onChange={(text) => set({ forget_after: text || null })}
          />
        )}
      </div>
    </>
  );
}

function Comparison({ spec, onChange }: Props) {
  const threshold = spec.condition?.threshold;
  const band = spec.condition?.band;
  const setThreshold = (patch: Partial<NonNullable<typeof threshold>>) =>
    onChange({
      ...spec,
      condition: { threshold: { comparison: ">", threshold: 1, ...threshold, ...patch } },
    });
  const setBand = (patch: Partial<NonNullable<typeof band>>) =>
    onChange({
      ...spec,
      condition: { band: { direction: "outside", score: 10, ...band, ...patch } },
    });
  return (
    <div className={classes.form}>
      {spec.source.type === "metric" && (
        <SegmentedControl
          aria-label="Compared with"
          value={band ? "band" : "threshold"}
          onChange={(kind) => (kind === "band" ? setBand({}) : setThreshold({}))}
          data={[
            { value: "threshold", label: "A threshold" },
            { value: "band", label: "What is usual" },
          ]}
        />
      )}
      {band ? (
        <>
          <Select
            label="Fires"
            w={130}
            allowDeselect={false}
            data={["outside", "above", "below"]}
            value={band.direction ?? "outside"}
            onChange={(direction) => setBand({ direction: direction as "outside" })}
          />
          <NumberInput
            label="From a score of"
            description="0: outside of the band"
            w={150}
            min={0}
            max={1000}
            value={band.score ?? 10}
            onChange={(score) => setBand({ score: Number(score) || 0 })}
          />
        </>
      ) : (
        <>
          <Select
            label="Comparison"
            w={100}
            allowDeselect={false}
            data={[...COMPARISONS]}
            value={threshold?.comparison ?? ">"}
            onChange={(comparison) =>
              setThreshold({ comparison: comparison as ">", recovery: null })
            }
          />
          <NumberInput
            label="Threshold"
            description="or drag the line below"
            w={150}
            value={threshold?.threshold ?? 1}
            onChange={(value) => typeof value === "number" && setThreshold({ threshold: value })}
          />
          <NumberInput
            label="Recovers at"
            description="so that it does not flap"
            placeholder="the threshold"
            w={150}
            value={threshold?.recovery ?? ""}
            onChange={(value) =>
              setThreshold({ recovery: typeof value === "number" ? value : null })
            }
          />
        </>
      )}
    </div>
  );
}

interface PeriodsProps {
  spec: AlarmSpec;
  set: (patch: Partial<AlarmSpec>) => void;
}

function Periods({ spec, set }: PeriodsProps) {
  const periods = spec.periods ?? 1;
  const period = spec.period ?? 60;
  const { source } = spec;
  const percentile =
    source.type === "metric" &&
    source.queries.length === 1 &&
    source.queries.some((one) => !("expression" in one) && /^p\d/.test(one.statistic ?? ""));
  return (
    <div className={classes.form}>
      <Select
        label="Period"
        w={110}
        allowDeselect={false}
        data={[...new Set([...PERIODS, period])].map((one) => ({
          value: String(one),
          label: one < 60 ? `${one} s` : one < 3600 ? `${one / 60} min` : `${one / 3600} h`,
        }))}
        value={String(period)}
        onChange={(next) => set({ period: Number(next) })}
      />
      <NumberInput
        label="Breaching periods"
        w={130}
        min={1}
        max={periods}
        value={spec.to_alarm ?? periods}
        onChange={(value) => set({ to_alarm: Math.max(1, Math.min(periods, Number(value) || 1)) })}
      />
      <NumberInput
        label="Of the last"
        w={110}
        min={1}
        max={1440}
        value={periods}
        onChange={(value) => {
          const next = Math.max(1, Math.min(1440, Number(value) || 1));
          set({ periods: next, to_alarm: Math.min(spec.to_alarm ?? next, next) });
        }}
      />
      {source.type !== "absence" && (
        <Select
          label="A period without data"
          w={170}
          allowDeselect={false}
          data={MISSING}
          value={spec.missing ?? "missing"}
          onChange={(missing) => set({ missing: missing as NonNullable<AlarmSpec["missing"]> })}
        />
      )}
      {percentile && (
        <Select
          label="Too few samples"
          description="fewer than 10/(1-p)"
          w={170}
          allowDeselect={false}
          data={[
            { value: "evaluate", label: "are evaluated" },
            { value: "ignore", label: "leave the state" },
          ]}
          value={spec.low_samples ?? "evaluate"}
          onChange={(value) => set({ low_samples: value as "evaluate" | "ignore" })}
        />
      )}
    </div>
  );
}

interface DurationProps {
  label: string;
  about: string;
  value: string;
  placeholder?: string;
  onChange: (text: string) => void;
}

function Duration({ label, about, value, placeholder, onChange }: DurationProps) {
  return (
    <TextInput
      label={label}
      description={about}
      placeholder={placeholder}
      w={150}
      maxLength={32}
      value={value}
      error={value && !/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(value) && "such as 5m or 1h30m"}
      onChange={(event) => onChange(event.currentTarget.value.trim())}
    />
  );
}
