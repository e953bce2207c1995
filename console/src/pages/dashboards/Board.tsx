import { Button, Group, Modal, Text } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useBlocker, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { useShortcuts } from "@/app/shortcuts";
import { PageHeader } from "@/components/PageHeader";
import { Empty } from "@/components/QueryState";
import { ValueActionsProvider } from "@/components/ValueMenu";
import { useTimeRange } from "@/time/TimeProvider";
import { flag, integer, text } from "@/url/params";
import type { RawSearch } from "@/url/search";
import { useUrlState } from "@/url/state";
import { BoardMenu, EditTools } from "./BoardTools";
import classes from "./dashboards.module.css";
import { begun, changed, type Draft, undone } from "./draft";
import { Grid } from "./Grid";
import {
  newPanel,
  newSource,
  type Panel,
  type PanelType,
  type Spec,
  type Variable,
  withPanel,
} from "./model";
import { PanelMenu } from "./PanelMenu";
import { PanelView } from "./PanelView";
import { VariableBar } from "./VariableBar";
import { chosenOf, type Values } from "./variables";

const PanelEditor = lazy(() => import("./PanelEditor"));
const SettingsEditor = lazy(() => import("./SettingsEditor"));

const PARAMS = {
  edit: flag(),
  /** The panel that is edited, or shown alone. */
  panel: text(),
  view: text(),
  kiosk: flag(),
  refresh: integer(0, 0, 86_400),
};
const NO_ACTIONS = {};

interface Props {
  name: string;
  spec: Spec;
  /** Saves what was edited; none where it cannot be edited here. */
  save?: (name: string, spec: Spec) => Promise<void>;
  saving?: boolean;
  /** Why it cannot be edited, and other buttons. */
  actions?: ReactNode;
  menu?: ReactNode;
  note?: ReactNode;
}

/** A dashboard: variables, panels on their grid, and editing them. */
export function Board({ name, spec, save, saving, actions, menu, note }: Props) {
  const [url, setUrl] = useUrlState(PARAMS);
  const search = useSearch({ strict: false }) as RawSearch;
  const time = useTimeRange();
  const editing = url.edit && save !== undefined;
  const { draft, setDraft, newName, setNewName, edit, begin } = useDraft(name, spec);
  const [settings, setSettings] = useState(false);
  const shown = editing ? draft.now : spec;
  const dirty = editing && (draft.now !== spec || newName !== name);
  const values = useMemo(() => chosenOf(shown.variables, search), [shown.variables, search]);
  useOpeningRange(spec);
  useRefresh(url.refresh || spec.refresh, time.refresh);
  useBoardKeys({ url, setUrl, edits: save !== undefined, undo: () => editing && setDraft(undone) });
  const add = (type: PanelType) => {
    const query = type === "text" ? null : newSource("metric");
    const look = type === "text" ? { text: "# Title" } : {};
    const made = withPanel(draft.now, newPanel(type, query, look));
    edit(made.spec);
    setUrl({ panel: made.id });
  };
  const stop = () => {
    begin();
    setUrl({ edit: false, panel: "" });
  };
  const keep = () =>
    void save?.(newName, draft.now).then(
      () => setUrl({ edit: false, panel: "" }),
      () => undefined,
    );
  const menuOf = (panel: Panel) => (
    <PanelMenu
      panel={panel}
      alone={shown.panels.some((one) => one.id === url.view)}
      edits={save !== undefined}
      spec={editing ? draft.now : null}
      onView={(view) => setUrl({ view })}
      onEdit={(id) => setUrl({ edit: true, panel: id, view: "" })}
      onSpec={edit}
    />
  );
  return (
    <ValueActionsProvider actions={NO_ACTIONS}>
      <PageHeader
        title={editing ? newName : name}
        aside={
          dirty && (
            <Text size="xs" c="var(--v-warning)">
              not saved
            </Text>
          )
        }
        actions={
          editing ? (
            <EditTools
              draft={draft}
              dirty={dirty}
              saving={saving}
              onDraft={setDraft}
              onAdd={add}
              onSettings={() => setSettings(true)}
              onSave={keep}
              onStop={stop}
            />
          ) : (
            <>
              {actions}
              {save && (
                <Button
                  leftSection={<IconPencil size={14} />}
                  onClick={() => setUrl({ edit: true })}
                >
                  Edit
                </Button>
              )}
              <BoardMenu url={url} setUrl={setUrl} spec={spec}>
                {menu}
              </BoardMenu>
            </>
          )
        }
      />
      <VariableBar variables={shown.variables} values={values} />
      <Printed variables={shown.variables} values={values} />
      {note && <div className={classes.note}>{note}</div>}
      <Panels
        spec={shown}
        values={values}
        alone={url.view}
        editing={editing}
        onEdit={save && (() => setUrl({ edit: true }))}
        menuOf={menuOf}
        onPlaces={(panels) => edit({ ...draft.now, panels })}
      />
      <Editors
        spec={editing ? draft.now : null}
        panel={url.panel}
        name={newName}
        values={values}
        settings={settings}
        onSpec={(next) => edit(next, true)}
        onName={setNewName}
        onPanelClosed={() => setUrl({ panel: "" }, { replace: true })}
        onSettingsClosed={() => setSettings(false)}
      />
      <LeaveGuard dirty={dirty} />
    </ValueActionsProvider>
  );
}

/** What is edited; it begins anew where another version was saved or restored. */
function useDraft(name: string, spec: Spec) {
  const [draft, setDraft] = useState<Draft>(() => begun(spec));
  const [newName, setNewName] = useState(name);
  const [known, setKnown] = useState(spec);
  const begin = () => {
    setDraft(begun(spec));
    setNewName(name);
  };
  if (known !== spec) {
    setKnown(spec);
    begin();
  }
  const edit = (next: Spec, join = false) => setDraft((one) => changed(one, next, join));
  return { draft, setDraft, newName, setNewName, edit, begin };
}

type Url = ReturnType<typeof useUrlState<typeof PARAMS>>;

interface Keys {
  url: Url[0];
  setUrl: Url[1];
  edits: boolean;
  undo: () => void;
}

function useBoardKeys({ url, setUrl, edits, undo }: Keys): void {
  useShortcuts([
    ...(edits
      ? [{ keys: "e", what: "Edit the dashboard", run: () => setUrl({ edit: !url.edit }) }]
      : []),
    {
      keys: "f",
      what: "Only the dashboard, without navigation",
      run: () => setUrl({ kiosk: !url.kiosk }),
    },
    { keys: "u", what: "Undo a step of editing", run: undo },
  ]);
}

/** On paper: the range and the values that controls show on the screen. */
function Printed({ variables, values }: { variables: readonly Variable[]; values: Values }) {
  const { start, end, format } = useTimeRange();
  const chosen = variables.map(
    (one) => `${one.label || one.name}: ${values[one.name]?.join(", ") || "all"}`,
  );
  return (
    <div className={classes.printed}>
      {[`${format(start)} – ${format(end)}`, ...chosen].join(" · ")}
    </div>
  );
}

interface PanelsProps {
  spec: Spec;
  values: Values;
  /** The panel that is shown alone. */
  alone: string;
  editing: boolean;
  /** Begins editing; none for those who may not. */
  onEdit?: () => void;
  menuOf: (panel: Panel) => ReactNode;
  onPlaces: (panels: Panel[]) => void;
}

function Panels({ spec, values, alone, editing, onEdit, menuOf, onPlaces }: PanelsProps) {
  const one = alone ? spec.panels.find((panel) => panel.id === alone) : undefined;
  if (!spec.panels.length) {
    return (
      <Empty title="There are no panels yet">
        {!onEdit ? (
          "Whoever may edit it can add some."
        ) : editing ? (
          "Add one above."
        ) : (
          <Button onClick={onEdit}>Add panels</Button>
        )}
      </Empty>
    );
  }
  if (one) {
    return (
      <div className={classes.page} style={{ height: "calc(100dvh - 130px)" }}>
        <PanelView
          panel={one}
          values={values}
          menu={menuOf(one)}
          height={Math.max(300, innerHeight - 150)}
        />
      </div>
    );
  }
  return (
    <Grid
      panels={spec.panels}
      values={values}
      editing={editing}
      menuOf={menuOf}
      onPlaces={onPlaces}
    />
  );
}

interface EditorsProps {
  /** What is edited; null where nothing is. */
  spec: Spec | null;
  panel: string;
  name: string;
  values: Values;
  settings: boolean;
  onSpec: (spec: Spec) => void;
  onName: (name: string) => void;
  onPanelClosed: () => void;
  onSettingsClosed: () => void;
}

/** The drawers over the dashboard: one panel, or what concerns all of it. */
function Editors({ spec, panel, name, values, settings, ...on }: EditorsProps) {
  if (!spec) return null;
  const edited = spec.panels.find((one) => one.id === panel);
  const replace = (next: Panel) =>
    on.onSpec({ ...spec, panels: spec.panels.map((one) => (one.id === next.id ? next : one)) });
  return (
    <Suspense>
      {edited && (
        <PanelEditor
          panel={edited}
          spec={spec}
          values={values}
          onChange={replace}
          onClose={on.onPanelClosed}
        />
      )}
      {settings && (
        <SettingsEditor
          name={name}
          spec={spec}
          onName={on.onName}
          onChange={on.onSpec}
          onClose={on.onSettingsClosed}
        />
      )}
    </Suspense>
  );
}

/** Asks before another page takes away what is not saved. */
function LeaveGuard({ dirty }: { dirty: boolean }) {
  const leave = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  if (leave.status !== "blocked") return null;
  return (
    <Modal opened onClose={leave.reset} title="There are changes that are not saved">
      <Group justify="flex-end">
        <Button variant="default" onClick={leave.reset}>
          Stay
        </Button>
        <Button color="red" onClick={leave.proceed}>
          Leave without saving
        </Button>
      </Group>
    </Modal>
  );
}

/** Where the address has no range, the dashboard's own holds. */
function useOpeningRange(spec: Spec): void {
  const search = useSearch({ strict: false }) as RawSearch;
  const navigate = useNavigate();
  const { from, to } = spec.time;
  const none = search.from === undefined && search.to === undefined;
  useEffect(() => {
    if (!none || (from === "-1h" && to === "now")) return;
    const search_ = (previous: RawSearch) => ({
      ...previous,
      from,
      ...(to === "now" ? {} : { to }),
    });
    void navigate({ to: ".", search: search_ as never, replace: true });
  }, [none, from, to, navigate]);
}

function useRefresh(seconds: number, refresh: () => void): void {
  useEffect(() => {
    if (!seconds) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") refresh();
    }, Math.max(5, seconds) * 1000);
    return () => clearInterval(timer);
  }, [seconds, refresh]);
}
