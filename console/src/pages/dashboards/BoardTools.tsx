import { ActionIcon, Button, Menu, Select, Tooltip } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconLink,
  IconMaximize,
  IconPlus,
  IconPrinter,
  IconSettings,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { copyLink } from "@/app/links";
import { useTimeRange } from "@/time/TimeProvider";
import { type Draft, redone, undone } from "./draft";
import { MAX_PANELS, PANEL_TYPES, type PanelType, type Spec } from "./model";

const REFRESH = [
  { value: "0", label: "Off" },
  { value: "10", label: "10 s" },
  { value: "30", label: "30 s" },
  { value: "60", label: "1 min" },
  { value: "300", label: "5 min" },
  { value: "900", label: "15 min" },
];

interface EditToolsProps {
  draft: Draft;
  dirty: boolean;
  saving?: boolean;
  onDraft: (change: (draft: Draft) => Draft) => void;
  onAdd: (type: PanelType) => void;
  onSettings: () => void;
  onSave: () => void;
  onStop: () => void;
}

/** What changes a dashboard while it is edited. */
export function EditTools({
  draft,
  dirty,
  saving,
  onDraft,
  onAdd,
  onSettings,
  onSave,
  onStop,
}: EditToolsProps) {
  return (
    <>
      <Tooltip label="Undo">
        <ActionIcon aria-label="Undo" disabled={!draft.past.length} onClick={() => onDraft(undone)}>
          <IconArrowBackUp size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Redo">
        <ActionIcon
          aria-label="Redo"
          disabled={!draft.future.length}
          onClick={() => onDraft(redone)}
        >
          <IconArrowForwardUp size={16} />
        </ActionIcon>
      </Tooltip>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<IconPlus size={14} />}
            disabled={draft.now.panels.length >= MAX_PANELS}
          >
            Panel
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {PANEL_TYPES.map(({ value, label }) => (
            <Menu.Item key={value} onClick={() => onAdd(value)}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Button variant="default" leftSection={<IconSettings size={14} />} onClick={onSettings}>
        Settings
      </Button>
      <Button variant="default" onClick={onStop}>
        {dirty ? "Discard" : "Done"}
      </Button>
      <Button onClick={onSave} loading={saving} disabled={!dirty}>
        Save
      </Button>
    </>
  );
}

interface MenuProps {
  url: { kiosk: boolean; refresh: number };
  setUrl: (patch: { kiosk?: boolean; refresh?: number }) => void;
  spec: Spec;
  children: ReactNode;
}

/** Ways to hand on what is shown, and how often it is asked again. */
export function BoardMenu({ url, setUrl, spec, children }: MenuProps) {
  const { query } = useTimeRange();
  return (
    <Menu position="bottom-end" closeOnItemClick>
      <Menu.Target>
        <Button variant="default">Share</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLink size={14} />} onClick={() => void copyLink(query)}>
          Copy link to what is shown
        </Menu.Item>
        <Menu.Item
          leftSection={<IconMaximize size={14} />}
          onClick={() => setUrl({ kiosk: !url.kiosk })}
        >
          {url.kiosk ? "With navigation" : "Full screen, without navigation"}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPrinter size={14} />}
          onClick={() => setTimeout(() => print(), 300)}
        >
          Print or save as PDF
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>
          Asked again every
          <Select
            aria-label="Asked again every"
            size="xs"
            comboboxProps={{ withinPortal: false }}
            data={REFRESH}
            allowDeselect={false}
            value={String(url.refresh || spec.refresh)}
            onChange={(value) => setUrl({ refresh: Number(value) })}
          />
        </Menu.Label>
        {children}
      </Menu.Dropdown>
    </Menu>
  );
}
