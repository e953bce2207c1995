import { Badge, Button, Group, Loader, Text } from "@mantine/core";
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useShortcuts } from "@/app/shortcuts";
import { formatCount } from "@/charts/units";
import { ErrorPanel } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { LogList } from "./LogList";
import classes from "./Tail.module.css";
import { useTail } from "./useTail";

const NEAR_PX = 40;

interface Props {
  q: string;
  columns: readonly string[];
  onColumns: (columns: readonly string[]) => void;
}

/** Records as they come, the newest at the bottom; scrolling up pauses. */
export function Tail({ q, columns, onColumns }: Props) {
  const [paused, setPaused] = useState(false);
  const { session } = useSession();
  const tail = useTail(q, paused);
  const box = useRef<HTMLDivElement>(null);
  const { records } = tail;
  useShortcuts([{ keys: "p", what: "Pause or go on", run: () => setPaused(!paused) }]);

  useEffect(() => {
    const outer = box.current;
    if (!outer) return;
    const onWheel = (event: Event) => {
      const list = scrollerOf(outer);
      if (!list || !(event.target instanceof Node) || !list.contains(event.target)) return;
      const up = event instanceof WheelEvent ? event.deltaY < 0 : true;
      const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
      if (up && list.scrollHeight > list.clientHeight) setPaused(true);
      else if (atEnd && !up) setPaused(false);
    };
    outer.addEventListener("wheel", onWheel, { passive: true });
    outer.addEventListener("touchmove", onWheel, { passive: true });
    return () => {
      outer.removeEventListener("wheel", onWheel);
      outer.removeEventListener("touchmove", onWheel);
    };
  }, []);

  return (
    <div className={classes.tail} ref={box}>
      <Group gap="sm" px="sm" py={6} className={classes.bar}>
        <Button
          size="compact-sm"
          variant={paused ? "filled" : "default"}
          onClick={() => setPaused(!paused)}
          leftSection={
            paused ? <IconPlayerPlayFilled size={12} /> : <IconPlayerPauseFilled size={12} />
          }
        >
          {paused ? `Go on${tail.waiting ? ` (${formatCount(tail.waiting)} new)` : ""}` : "Pause"}
        </Button>
        <Status status={tail.status} account={session.account} />
        {tail.dropped > 0 && (
          <Badge color="yellow" variant="light" role="status" tt="none">
            {formatCount(tail.dropped)} dropped: they came too fast to show; narrow the search
          </Badge>
        )}
        <Text size="xs" c="dimmed" ml="auto">
          {formatCount(records.length)} shown
        </Text>
      </Group>
      {tail.error && <ErrorPanel error={tail.error} />}
      <LogList
        records={records}
        columns={columns}
        terms={[]}
        onRemoveColumn={(field) => onColumns(columns.filter((item) => item !== field))}
        selected=""
        stick={!paused}
        onSelect={(key) => key && setPaused(true)}
      />
      {!records.length && tail.status === "following" && (
        <Text size="sm" c="dimmed" ta="center" className={classes.waiting}>
          Waiting for the next matching record…
        </Text>
      )}
    </div>
  );
}

function Status({ status, account }: { status: string; account: string }) {
  if (status === "following") {
    return (
      <Text size="xs" c="dimmed" role="status">
        Following {account}
      </Text>
    );
  }
  return (
    <Group gap={6} role="status">
      <Loader size={12} />
      <Text size="xs" c="dimmed">
        {status === "broken" ? "The connection broke; trying again" : "Connecting"}
      </Text>
    </Group>
  );
}

const scrollerOf = (box: HTMLElement | null): HTMLElement | null =>
  box?.querySelector<HTMLElement>("[role=region]") ?? null;
