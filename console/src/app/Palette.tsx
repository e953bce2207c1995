import { useMantineColorScheme } from "@mantine/core";
import {
  Spotlight,
  type SpotlightActionData,
  type SpotlightActionGroupData,
} from "@mantine/spotlight";
import {
  IconBookmark,
  IconClock,
  IconLink,
  IconMoon,
  IconSearch,
  IconSun,
} from "@tabler/icons-react";
import { useState } from "react";
import { useGet } from "@/api/query";
import { useSession } from "@/session/SessionProvider";
import { PRESETS } from "@/time/range";
import { useTimeRange } from "@/time/TimeProvider";
import { parseSearch } from "@/url/search";
import { copyLink } from "./links";
import { usePages } from "./Navigation";
import { useOpenPage } from "./useOpenPage";

const ICON = 18;

/** The command palette, Ctrl-K. */
export default function Palette() {
  const openPage = useOpenPage();
  const time = useTimeRange();
  const { setColorScheme } = useMantineColorScheme();
  const pages = usePages().filter((page) => !page.path.includes("$"));
  const [opened, setOpened] = useState(false);
  const { can } = useSession();
  const views = useGet(
    "/api/v1/views",
    { params: { query: { limit: 500 } } },
    { enabled: opened && can("catalog:read") },
  );
  const groups: SpotlightActionGroupData[] = [
    {
      group: "Pages",
      actions: pages.map((page): SpotlightActionData => {
        const Icon = page.nav?.icon ?? IconSearch;
        return {
          id: `page ${page.path}`,
          label: page.title,
          description: page.shortcut ? `g ${page.shortcut}` : undefined,
          leftSection: <Icon size={ICON} stroke={1.6} />,
          keywords: [page.nav?.section ?? "", page.path],
          onClick: () => openPage(page.path),
        };
      }),
    },
    {
      group: "Saved views",
      actions: (views.data?.views ?? []).map((view) => ({
        id: `view ${view.id}`,
        label: view.name,
        description: view.page,
        leftSection: <IconBookmark size={ICON} stroke={1.6} />,
        keywords: ["view", view.page],
        onClick: () => openPage(view.page, { search: parseSearch(view.search) }),
      })),
    },
    {
      group: "Time range",
      actions: PRESETS.map((preset) => ({
        id: `time ${preset.from}`,
        label: preset.label,
        leftSection: <IconClock size={ICON} stroke={1.6} />,
        keywords: ["time", preset.from.slice(1)],
        onClick: () => time.set(preset.from),
      })),
    },
    {
      group: "Actions",
      actions: [
        {
          id: "copy link",
          label: "Copy a link to what is shown, with absolute times",
          leftSection: <IconLink size={ICON} stroke={1.6} />,
          onClick: () => void copyLink(time.query),
        },
        {
          id: "light",
          label: "Light colours",
          leftSection: <IconSun size={ICON} stroke={1.6} />,
          onClick: () => setColorScheme("light"),
        },
        {
          id: "dark",
          label: "Dark colours",
          leftSection: <IconMoon size={ICON} stroke={1.6} />,
          onClick: () => setColorScheme("dark"),
        },
      ],
    },
  ];
  return (
    <Spotlight
      actions={groups}
      onSpotlightOpen={() => setOpened(true)}
      shortcut={["mod + K"]}
      nothingFound="Nothing of that name"
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={ICON} />,
        placeholder: "Go to a page, a time range, an action…",
        "aria-label": "Go to",
      }}
    />
  );
}
