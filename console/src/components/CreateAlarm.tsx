import { Menu } from "@mantine/core";
import { IconBellPlus } from "@tabler/icons-react";
import { PageLink } from "@/components/PageLink";
import { type Draft, newDraft, type Source } from "@/pages/alarms/model";
import { useSession } from "@/session/SessionProvider";
import type { RawSearch } from "@/url/search";

/** The search of the form for an alarm on what a chart shows. */
export function alarmSearch(source: Source, more: Partial<Draft["spec"]> = {}): RawSearch {
  const draft = newDraft(source);
  return { d: JSON.stringify({ ...draft, spec: { ...draft.spec, ...more } }) };
}

interface Props {
  /** What the chart shows. */
  source: Source;
  label?: string;
}

/** An item of a chart's menu: make an alarm on what it shows. */
export function CreateAlarm({ source, label = "Create an alarm" }: Props) {
  const { can } = useSession();
  if (!can("catalog:write")) return null;
  return (
    <Menu.Item
      component={PageLink}
      to="/alarms/new"
      search={alarmSearch(source)}
      leftSection={<IconBellPlus size={14} />}
    >
      {label}
    </Menu.Item>
  );
}
