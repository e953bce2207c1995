import { Menu } from "@mantine/core";
import { IconCopy, IconMaximize, IconPencil, IconTrash } from "@tabler/icons-react";
import { compacted, withPlaces } from "./grid";
import { type Panel, type Spec, withPanel } from "./model";

interface Props {
  panel: Panel;
  /** It is shown alone. */
  alone: boolean;
  /** The dashboard may be edited. */
  edits: boolean;
  /** What is edited; null where nothing is. */
  spec: Spec | null;
  onView: (id: string) => void;
  onEdit: (id: string) => void;
  onSpec: (spec: Spec) => void;
}

/** What can be done with a panel as a part of its dashboard. */
export function PanelMenu({ panel, alone, edits, spec, onView, onEdit, onSpec }: Props) {
  // One of those that are repeated by a variable stands for the panel they are made of.
  const id = panel.id.split("~")[0] as string;
  const duplicate = (from: Spec) =>
    onSpec(withPanel(from, { ...panel, title: panel.title && `${panel.title} (copy)` }).spec);
  const remove = (from: Spec) => {
    const left = from.panels.filter((one) => one.id !== id);
    onSpec({ ...from, panels: withPlaces(left, compacted(left)) });
  };
  return (
    <>
      <Menu.Item leftSection={<IconMaximize size={14} />} onClick={() => onView(alone ? "" : id)}>
        {alone ? "Back to all panels" : "View alone"}
      </Menu.Item>
      {edits && (
        <Menu.Item leftSection={<IconPencil size={14} />} onClick={() => onEdit(id)}>
          Edit
        </Menu.Item>
      )}
      {spec && (
        <>
          <Menu.Item leftSection={<IconCopy size={14} />} onClick={() => duplicate(spec)}>
            Duplicate
          </Menu.Item>
          <Menu.Item leftSection={<IconTrash size={14} />} onClick={() => remove(spec)}>
            Remove
          </Menu.Item>
        </>
      )}
      <Menu.Divider />
    </>
  );
}
