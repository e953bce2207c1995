import { Menu, Text } from "@mantine/core";
import {
  IconBraces,
  IconCopy,
  IconFilter,
  IconFilterOff,
  IconListSearch,
  IconStackPush,
  IconTimeline,
} from "@tabler/icons-react";
import {
  createContext,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useState,
} from "react";
import { useOpenPage } from "@/app/useOpenPage";
import { writeTerm } from "@/search/terms";
import classes from "./ValueMenu.module.css";

/** What a page can do with a value of a field; what it leaves out is not offered. */
export interface ValueActions {
  include?: (field: string, value: string) => void;
  exclude?: (field: string, value: string) => void;
  groupBy?: (field: string) => void;
  addColumn?: (field: string) => void;
}

interface Opened {
  field: string;
  value: string;
  actions: ValueActions;
  at: DOMRect;
}

const ActionsContext = createContext<ValueActions>({});
const OpenContext = createContext<(opened: Opened) => void>(() => undefined);

/** One menu for all values of a page: long lists of values stay light. */
export function ValueMenuProvider({ children }: { children: ReactNode }) {
  const [opened, setOpened] = useState<Opened | null>(null);
  const [open, setOpen] = useState(false);
  const show = useCallback((next: Opened) => {
    setOpened(next);
    setOpen(true);
  }, []);
  return (
    <OpenContext value={show}>
      {children}
      <Menu opened={open} onChange={setOpen} position="bottom-start" withinPortal returnFocus>
        <Menu.Target>
          <span
            aria-hidden
            className={classes.anchor}
            style={
              opened
                ? {
                    left: opened.at.left,
                    top: opened.at.top,
                    width: Math.min(opened.at.width, 240),
                    height: opened.at.height,
                  }
                : undefined
            }
          />
        </Menu.Target>
        {opened && <Items {...opened} />}
      </Menu>
    </OpenContext>
  );
}

/** What clicks on values do within a page. */
export function ValueActionsProvider({
  actions,
  children,
}: {
  actions: ValueActions;
  children: ReactNode;
}) {
  return <ActionsContext value={actions}>{children}</ActionsContext>;
}

interface ValueProps {
  field: string;
  value: string;
  /** What is shown; the value itself where it is left out. */
  children?: ReactNode;
  className?: string;
}

/** A value that offers, on a click, to filter by it, to group by it and to look elsewhere for it. */
export function Value({ field, value, children, className }: ValueProps) {
  const show = useContext(OpenContext);
  const actions = useContext(ActionsContext);
  const open = (event: MouseEvent<HTMLElement> | KeyboardEvent<HTMLElement>) => {
    event.stopPropagation();
    show({ field, value, actions, at: event.currentTarget.getBoundingClientRect() });
  };
  return (
    <button
      type="button"
      className={[classes.value, className].filter(Boolean).join(" ")}
      onClick={open}
      aria-haspopup="menu"
      title={`${field}: ${value.slice(0, 500)}`}
    >
      {children ?? value}
    </button>
  );
}

function Items({ field, value, actions }: Opened) {
  const openPage = useOpenPage();
  const term = useMemo(() => writeTerm(field, value), [field, value]);
  const go = (to: string) => openPage(to, { search: { q: term } });
  const iconSize = 15;
  return (
    <Menu.Dropdown maw={360}>
      <Menu.Label>
        <Text size="xs" className={classes.label} lineClamp={2}>
          {field}: {value.slice(0, 200) || "(empty)"}
        </Text>
      </Menu.Label>
      {actions.include && (
        <Menu.Item
          leftSection={<IconFilter size={iconSize} />}
          onClick={() => actions.include?.(field, value)}
        >
          Only this value
        </Menu.Item>
      )}
      {actions.exclude && (
        <Menu.Item
          leftSection={<IconFilterOff size={iconSize} />}
          onClick={() => actions.exclude?.(field, value)}
        >
          Without this value
        </Menu.Item>
      )}
      {actions.groupBy && (
        <Menu.Item
          leftSection={<IconStackPush size={iconSize} />}
          onClick={() => actions.groupBy?.(field)}
        >
          Group by {field}
        </Menu.Item>
      )}
      {actions.addColumn && (
        <Menu.Item
          leftSection={<IconBraces size={iconSize} />}
          onClick={() => actions.addColumn?.(field)}
        >
          Show as a column
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconCopy size={iconSize} />} onClick={() => void copyText(value)}>
        Copy the value
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item leftSection={<IconListSearch size={iconSize} />} onClick={() => go("/logs")}>
        Find logs
      </Menu.Item>
      <Menu.Item leftSection={<IconTimeline size={iconSize} />} onClick={() => go("/traces")}>
        Find traces
      </Menu.Item>
    </Menu.Dropdown>
  );
}

async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS there is no clipboard; the value can still be selected and copied by hand.
  }
}
