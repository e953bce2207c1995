import { ActionIcon, Button, Group, Menu, SegmentedControl, Switch, Tooltip } from "@mantine/core";
import { IconAlertCircle, IconArrowDown, IconArrowUp, IconFold } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useShortcuts } from "@/app/shortcuts";
import { formatCount, formatNanos } from "@/charts/units";
import { FindInput } from "@/components/FindInput";
import { serviceColor } from "@/theme/colors";
import type { useUrlState } from "@/url/state";
import type { TraceModel } from "./model";
import { collapseBelow } from "./rows";
import classes from "./trace.module.css";
import type { TRACE_PARAMS } from "./traceParams";

interface ToolbarProps {
  model: TraceModel;
  url: ReturnType<typeof useUrlState<typeof TRACE_PARAMS>>[0];
  setUrl: ReturnType<typeof useUrlState<typeof TRACE_PARAMS>>[1];
  matches: Uint8Array | null;
  jump: (marks: Uint8Array | null, back?: boolean) => void;
  collapsed: ReadonlySet<number>;
  setCollapsed: (collapsed: ReadonlySet<number>) => void;
}

/** How the trace is looked at, and what is looked for in it. */
export function TraceToolbar({
  model,
  url,
  setUrl,
  matches,
  jump,
  collapsed,
  setCollapsed,
}: ToolbarProps) {
  const box = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", what: "Search in the trace", run: () => box.current?.focus() }]);
  const errors = model.error.some((one) => one === 1);
  const count = matches?.reduce((sum, one) => sum + one, 0);
  return (
    <div className={classes.toolbar} role="toolbar" aria-label="View of the trace">
      <SegmentedControl
        aria-label="View"
        value={url.view}
        onChange={(view) => setUrl({ view: view as "waterfall" | "flame" })}
        data={[
          { value: "waterfall", label: "Waterfall" },
          { value: "flame", label: "Flame" },
        ]}
      />
      <Find
        box={box}
        value={url.find}
        onChange={(find) => setUrl({ find }, { replace: true })}
        onNext={() => jump(matches)}
      />
      {count !== undefined && (
        <Group gap={2}>
          <span role="status">{formatCount(count)} found</span>
          <ActionIcon
            aria-label="Match before (p)"
            onClick={() => jump(matches, true)}
            disabled={!count}
          >
            <IconArrowUp size={15} />
          </ActionIcon>
          <ActionIcon aria-label="Next match (n)" onClick={() => jump(matches)} disabled={!count}>
            <IconArrowDown size={15} />
          </ActionIcon>
        </Group>
      )}
      <Tooltip label="Next error (e)">
        <Button
          variant="default"
          disabled={!errors}
          leftSection={<IconAlertCircle size={14} />}
          onClick={() => jump(model.error)}
        >
          Next error
        </Button>
      </Tooltip>
      <Menu>
        <Menu.Target>
          <Button variant="default" leftSection={<IconFold size={14} />}>
            Fold
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setCollapsed(new Set())} disabled={collapsed.size === 0}>
            Unfold all
          </Menu.Item>
          {[0, 1, 2, 3].map((depth) => (
            <Menu.Item key={depth} onClick={() => setCollapsed(collapseBelow(model, depth))}>
              Show {depth + 1} {depth ? "levels" : "level"}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Switch
        size="xs"
        label="One row a service call"
        checked={url.by === "service"}
        onChange={(event) => setUrl({ by: event.currentTarget.checked ? "service" : "span" })}
      />
      <Switch
        size="xs"
        label={matches ? "Only matches" : "Only errors"}
        checked={url.only}
        onChange={(event) => setUrl({ only: event.currentTarget.checked })}
      />
      <ServiceChips model={model} find={url.find} onFind={(find) => setUrl({ find })} />
    </div>
  );
}

interface FindProps {
  box: React.RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (value: string) => void;
  onNext: () => void;
}

const FIND_DELAY_MS = 150;

/** Searches while one types; the address follows a little later. */
function Find({ box, value, onChange, onNext }: FindProps) {
  const [typed, setTyped] = useState(value);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => latest.current(typed), FIND_DELAY_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <FindInput
      ref={box}
      w={220}
      placeholder="Search in this trace"
      label="Search in this trace by name, service, message or id"
      value={typed}
      onFind={setTyped}
      onKeyDown={(event) => {
        if (event.key === "Enter") onNext();
      }}
    />
  );
}

const MAX_CHIPS = 8;

/** Services by their own time in the trace; a click marks theirs. */
function ServiceChips({
  model,
  find,
  onFind,
}: {
  model: TraceModel;
  find: string;
  onFind: (find: string) => void;
}) {
  const total = model.services.reduce((sum, one) => sum + one.self, 0) || 1;
  return (
    <div className={classes.services}>
      {model.services.slice(0, MAX_CHIPS).map((one) => (
        <button
          key={one.name}
          type="button"
          className={classes.chip}
          aria-pressed={find === one.name}
          title={`${one.name}: ${one.spans} spans, ${one.errors} errors, ${formatNanos(one.self)} on its own, ${formatNanos(one.criticalTime)} on the critical path`}
          onClick={() => onFind(find === one.name ? "" : one.name)}
        >
          <span className={classes.swatch} style={{ background: serviceColor(one.name) }} />
          {one.name} {Math.round((one.self / total) * 100)} %
        </button>
      ))}
      {model.services.length > MAX_CHIPS && (
        <span>and {model.services.length - MAX_CHIPS} more</span>
      )}
    </div>
  );
}
