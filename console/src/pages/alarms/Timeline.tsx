import { ActionIcon, Text } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { formatValue } from "@/charts/units";
import { Moment } from "@/components/Moment";
import { PageLink } from "@/components/PageLink";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./alarms.module.css";
import { type Event, labelText, STATE_NAMES, type State } from "./model";

/** What happened, newest first; each opens to what it was decided from. */
export function Timeline({ events, named }: { events: readonly Event[]; named?: boolean }) {
  return (
    <ol className={classes.timeline}>
      {events.map((event) => (
        <Entry key={event.id} event={event} named={named} />
      ))}
    </ol>
  );
}

const nameOf = (state: string): string => STATE_NAMES[state as State] ?? state;

function Entry({ event, named }: { event: Event; named?: boolean }) {
  const [open, setOpen] = useState(false);
  const evidence = event.evidence as Evidence;
  const shows = Object.keys(evidence).length > 0;
  const series = labelText(event.labels);
  return (
    <li className={classes.event} data-state={event.state || undefined}>
      <ActionIcon
        size="sm"
        aria-label={open ? "Hide the evidence" : "Show the evidence"}
        aria-expanded={open}
        disabled={!shows}
        onClick={() => setOpen(!open)}
      >
        {open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
      </ActionIcon>
      <div className={classes.wrap}>
        <Text size="sm" component="div">
          <Moment at={event.time} />{" "}
          {named && (
            <PageLink to="/alarms/$alarm" params={{ alarm: event.alarm_id }}>
              {event.alarm}
            </PageLink>
          )}{" "}
          <strong>
            {event.state
              ? `${nameOf(event.previous)} → ${nameOf(event.state)}`
              : event.scope === "evaluation"
                ? "Evaluation"
                : "Note"}
          </strong>{" "}
          {series && <span className={classes.series}>{series}</span>}
        </Text>
        <Text size="xs" c="dimmed" className={classes.wrap}>
          {event.reason}
        </Text>
        {open && <EvidenceTable evidence={evidence} />}
      </div>
    </li>
  );
}

interface Evidence {
  /** Labels of the series that fire: what the alarm's own change is decided from. */
  series?: Record<string, string>[];
  in_alarm?: number;
  starts?: number[];
  values?: (number | null)[];
  breaching?: (boolean | null)[];
  band?: ([number, number] | null)[];
  samples?: (number | null)[];
  threshold?: number;
  comparison?: string;
}

function EvidenceTable({ evidence }: { evidence: Evidence }) {
  const { format } = useTimeRange();
  const { starts, values, series, in_alarm: firing = 0 } = evidence;
  if (series) {
    return (
      <div className={classes.scroll}>
        <Text size="xs">
          {firing} {firing === 1 ? "series fires" : "series fire"}
        </Text>
        <ul className={classes.series}>
          {series
            .filter((labels) => labelText(labels))
            .map((labels) => (
              <li key={labelText(labels)}>{labelText(labels)}</li>
            ))}
        </ul>
      </div>
    );
  }
  if (!starts || !values) {
    return <pre className={classes.code}>{JSON.stringify(evidence, null, 2)}</pre>;
  }
  return (
    <div className={classes.scroll}>
      <table className={classes.evidence}>
        <caption>
          {evidence.threshold !== undefined
            ? `Data points, compared: ${evidence.comparison} ${evidence.threshold}`
            : "Data points"}
        </caption>
        <thead>
          <tr>
            <th scope="col">Period from</th>
            <th scope="col">Value</th>
            {evidence.band && <th scope="col">Usual</th>}
            {evidence.samples && <th scope="col">Samples</th>}
            <th scope="col">Breaches</th>
          </tr>
        </thead>
        <tbody>
          {starts.map((start, at) => {
            const band = evidence.band?.[at];
            const breaches = evidence.breaching?.[at];
            return (
              <tr key={start}>
                <td>{format(start * 1000)}</td>
                <td>{values[at] == null ? "no data" : formatValue(values[at], "")}</td>
                {evidence.band && (
                  <td>
                    {band ? `${formatValue(band[0], "")} to ${formatValue(band[1], "")}` : "–"}
                  </td>
                )}
                {evidence.samples && <td>{evidence.samples[at] ?? "–"}</td>}
                <td>{breaches == null ? "–" : breaches ? "yes" : "no"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
