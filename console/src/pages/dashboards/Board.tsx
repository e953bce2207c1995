import { Button, Group, Menu, Modal, Text } from "@mantine/core";
import { IconCopy, IconMaximize, IconPencil, IconTrash } from "@tabler/icons-react";
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
import { compacted, withPlaces } from "./grid";
import { newPanel, newSource, type Panel, type PanelType, type Spec, withPanel } from "./model";
import { PanelView } from "./PanelView";
import { VariableBar } from "./VariableBar";
import { chosenOf } from "./variables";

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
  const [draft, setDraft] = useState<Draft>(() => begun(spec));
  const [newName, setNewName] = useState(name);
  const [settings, setSettings] = useState(false);
  // What was saved, or restored, is what editing goes on from.
  const [known, setKnown] = useState(spec);
  if (known !== spec) {
    setKnown(spec);
    setDraft(begun(spec));
    setNewName(name);
  }
  const shown = editing ? draft.now : spec;
  const dirty = editing && (draft.now !== spec || newName !== name);
  const values = useMemo(() => chosenOf(shown.variables, search), [shown.variables, search]);
  const edit = (next: Spec, join = false) => setDraft((one) => changed(one, next, join));
  useOpeningRange(spec);
  useRefresh(url.refresh || spec.refresh, time.refresh);
  const leave = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  useShortcuts([
    ...(save
      ? [{ keys: "e", what: "Edit the dashboard", run: () => setUrl({ edit: !url.edit }) }]
      : []),
    {
      keys: "f",
      what: "Only the dashboard, without navigation",
      run: () => setUrl({ kiosk: !url.kiosk }),
    },
    { keys: "u", what: "Undo a step of editing", run: () => editing && setDraft(undone) },
  ]);
  const add = (type: PanelType) => {
    const query = type === "text" ? null : newSource("metric");
    const made = withPanel(
      draft.now,
      newPanel(type, query, type === "text" ? { text: "# Title" } : {}),
    );
    edit(made.spec);
    setUrl({ panel: made.id });
  };
  const replace = (panel: Panel) =>
    edit(
      { ...draft.now, panels: draft.now.panels.map((one) => (one.id === panel.id ? panel : one)) },
      true,
    );
  const alone = url.view ? shown.panels.find((one) => one.id === url.view) : undefined;
  const edited = editing ? draft.now.panels.find((one) => one.id === url.panel) : undefined;
  const stop = () => {
    setDraft(begun(spec));
    setNewName(name);
    setUrl({ edit: false, panel: "" });
  };
  const menuOf = (panel: Panel) => {
    const id = panel.id.split("~")[0] as string;
    return (
      <>
        <Menu.Item
          leftSection={<IconMaximize size={14} />}
          onClick={() => setUrl({ view: alone ? "" : id })}
        >
          {alone ? "Back to all panels" : "View alone"}
        </Menu.Item>
        {save && (
          <Menu.Item
            leftSection={<IconPencil size={14} />}
            onClick={() => setUrl({ edit: true, panel: id, view: "" })}
          >
            Edit
          </Menu.Item>
        )}
        {editing && (
          <>
            <Menu.Item
              leftSection={<IconCopy size={14} />}
              onClick={() =>
                edit(
                  withPanel(draft.now, { ...panel, title: panel.title && `${panel.title} (copy)` })
                    .spec,
                )
              }
            >
              Duplicate
            </Menu.Item>
            <Menu.Item
              leftSection={<IconTrash size={14} />}
              onClick={() => {
                const left = draft.now.panels.filter((one) => one.id !== id);
                edit({ ...draft.now, panels: withPlaces(left, compacted(left)) });
              }}
            >
              Remove
            </Menu.Item>
          </>
        )}
        <Menu.Divider />
      </>
    );
  };
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
              onSave={() =>
                void save?.(newName, draft.now).then(
                  () => setUrl({ edit: false, panel: "" }),
                  () => undefined,
                )
              }
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
      {note && <div className={classes.note}>{note}</div>}
      {!shown.panels.length ? (
        <Empty title="There are no panels yet">
          {save ? (
            editing ? (
              "Add one above."
            ) : (
              <Button onClick={() => setUrl({ edit: true })}>Add panels</Button>
            )
          ) : (
            "Whoever may edit it can add some."
          )}
        </Empty>
      ) : alone ? (
        <div className={classes.page} style={{ height: "calc(100dvh - 130px)" }}>
          <PanelView
            panel={alone}
            values={values}
            menu={menuOf(alone)}
            height={Math.max(300, innerHeight - 150)}
          />
        </div>
      ) : (
        <Grid
          panels={shown.panels}
          values={values}
          editing={editing}
          menuOf={menuOf}
          onPlaces={(panels) => edit({ ...draft.now, panels })}
        />
      )}
      <Suspense>
        {edited && (
          <PanelEditor
            panel={edited}
            spec={draft.now}
            values={values}
            onChange={replace}
            onClose={() => setUrl({ panel: "" }, { replace: true })}
          />
        )}
        {settings && (
          <SettingsEditor
            name={newName}
            spec={draft.now}
            onName={setNewName}
            onChange={(next) => edit(next, true)}
            onClose={() => setSettings(false)}
          />
        )}
      </Suspense>
      {leave.status === "blocked" && (
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
      )}
    </ValueActionsProvider>
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
