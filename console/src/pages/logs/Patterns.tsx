import { Group, Progress, Switch, Table, Text } from "@mantine/core";
import { IconArrowDownRight, IconArrowUpRight, IconMinus } from "@tabler/icons-react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { Empty, QueryState } from "@/components/QueryState";
import { addTerm, quote } from "@/search/terms";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./Patterns.module.css";
import { oneLine } from "./record";

type Pattern = components["schemas"]["PatternView"];

interface Props {
  q: string;
  compare: boolean;
  onCompare: (compare: boolean) => void;
  onSearch: (q: string) => void;
}

/** The kinds of messages, by number or by how much they changed against the period before. */
export function Patterns({ q, compare, onCompare, onSearch }: Props) {
  const { query: range } = useTimeRange();
  const query = useGet("/api/v1/logs/patterns", {
    params: { query: { ...range, q, compare, limit: 100 } },
  });
  return (
    <div className={classes.patterns}>
      <Group px="sm" py={6} justify="space-between">
        <Text size="xs" c="dimmed">
          Messages that differ only in numbers, ids and the like are one pattern
        </Text>
        <Switch
          size="xs"
          label="Compare with the period before"
          checked={compare}
          onChange={(event) => onCompare(event.currentTarget.checked)}
        />
      </Group>
      <QueryState
        query={query}
        isEmpty={(data) => !data.patterns.length}
        empty={<Empty title="No record matches">Show a longer range or a wider search.</Empty>}
        height={300}
      >
        {(data) => (
          <Listing
            minWidth={560}
            highlightOnHover
            verticalSpacing={4}
            fz="xs"
            columns={[
              { w: 90, children: "Records" },
              { w: 150, children: compare ? "Change" : "Share" },
              "Pattern",
            ]}
          >
            {data.patterns.map((pattern) => (
              <Table.Tr key={pattern.pattern}>
                <Table.Td>{formatCount(pattern.count)}</Table.Td>
                <Table.Td>
                  {compare ? <Change pattern={pattern} /> : <Share share={pattern.share} />}
                </Table.Td>
                <Table.Td>
                  <button
                    type="button"
                    className={classes.pattern}
                    title={`Such as: ${pattern.sample.slice(0, 500)}`}
                    onClick={() => onSearch(searchFor(q, pattern.pattern))}
                  >
                    <Shown pattern={pattern.pattern} />
                  </button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </div>
  );
}

function Share({ share }: { share: number }) {
  return (
    <Group gap={6} wrap="nowrap">
      <Progress value={share * 100} flex={1} size="sm" aria-hidden />
      <Text size="xs" w={44} ta="right">
        {(share * 100).toFixed(share < 0.1 ? 1 : 0)}%
      </Text>
    </Group>
  );
}

function Change({ pattern }: { pattern: Pattern }) {
  const before = pattern.previous ?? 0;
  if (before === 0) return <Word Icon={IconArrowUpRight} text="new" />;
  if (pattern.count === 0) return <Word Icon={IconArrowDownRight} text={`gone (${before})`} />;
  const ratio = pattern.count / before;
  if (ratio > 0.9 && ratio < 1.1) return <Word Icon={IconMinus} text="as before" />;
  const times = ratio >= 1 ? ratio : 1 / ratio;
  const shown = `${times.toFixed(times < 10 ? 1 : 0)} × ${ratio >= 1 ? "more" : "fewer"}`;
  return <Word Icon={ratio >= 1 ? IconArrowUpRight : IconArrowDownRight} text={shown} />;
}

function Word({ Icon, text }: { Icon: typeof IconMinus; text: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Icon size={14} aria-hidden />
      <Text size="xs">{text}</Text>
    </Group>
  );
}

function Shown({ pattern }: { pattern: string }) {
  let at = 0;
  return oneLine(pattern, 600)
    .split(/(<\*>)/)
    .map((part) => {
      const key = at;
      at += part.length;
      return part === "<*>" ? (
        <span key={key} className={classes.hole}>
          {part}
        </span>
      ) : (
        part
      );
    });
}

/** A search for the longest stretches that all messages of a pattern share. */
export function searchFor(q: string, pattern: string): string {
  const fixed = pattern
    .split("<*>")
    .map((part) => part.trim())
    .filter((part) => part.length > 2 && /[\p{L}\p{N}]/u.test(part))
    .sort((a, b) => b.length - a.length)
    .slice(0, 3);
  return fixed.reduce((text, part) => addTerm(text, quote(part)), q);
}
