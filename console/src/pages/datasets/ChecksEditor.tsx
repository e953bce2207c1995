import { Button, Group, Textarea, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import { notifyDone, notifyError } from "@/components/notify";
import { ErrorPanel } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { checksText, diffLines } from "./data";
import classes from "./datasets.module.css";

interface Props {
  dataset: string;
  /** The latest version, one check on a line; empty where there is none. */
  latest: string;
  version: number;
  /** Seconds of a window that bounds are learned from. */
  period: number;
  onDone: () => void;
}

/** Edit the checks as a whole, see the difference, store it as the next version. */
export default function ChecksEditor({ dataset, latest, version, period, onDone }: Props) {
  const { query } = useTimeRange();
  const [text, setText] = useState(latest || "[]");
  const [comment, setComment] = useState("");
  const parsed = useMemo(() => parse(text), [text]);
  const lines = useMemo(
    () =>
      parsed.checks
        ? diffLines(latest ? latest.split("\n") : [], checksText(parsed.checks).split("\n"))
        : [],
    [parsed, latest],
  );
  const changed = lines.some((line) => line.sign !== " ");
  const suggest = useChange(
    (learned: boolean) =>
      unwrap(
        client.GET("/api/v1/datasets/{dataset}/checks/suggested", {
          params: { path: { dataset }, query: { ...query, learned: learned ? period : undefined } },
        }),
      ),
    [],
  );
  const store = useChange(
    (checks: Record<string, unknown>[]) =>
      unwrap(
        client.PUT("/api/v1/datasets/{dataset}/checks", {
          params: { path: { dataset } },
          body: { checks, comment, expected_version: version },
        }),
      ),
    ["/api/v1/datasets/{dataset}/checks"],
  );
  const take = (learned: boolean) =>
    suggest.mutate(learned, {
      onSuccess: ({ checks }) => {
        const known = new Set((parsed.checks ?? []).map((one) => JSON.stringify(one)));
        const more = checks.filter((one) => !known.has(JSON.stringify(one)));
        setText(checksText([...(parsed.checks ?? []), ...more]));
        notifyDone(`${more.length} checks are suggested: look at them before you store them`);
      },
      onError: (error) => notifyError("Nothing could be suggested", error),
    });
  return (
    <div className={classes.pad}>
      <Group gap={8} mb={8}>
        <Button variant="default" size="xs" loading={suggest.isPending} onClick={() => take(false)}>
          Add what the range fulfils
        </Button>
        <Button variant="default" size="xs" loading={suggest.isPending} onClick={() => take(true)}>
          Add usual bounds, learned by window
        </Button>
      </Group>
      <Textarea
        label="Checks, as JSON"
        autosize
        minRows={8}
        maxRows={22}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--v-mono)", fontSize: 12 } }}
        value={text}
        error={parsed.error}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <h3 style={{ fontSize: 13, margin: "10px 0 4px" }}>
        {changed ? `Change from version ${version}` : "No change"}
      </h3>
      {changed && (
        <pre className={classes.diff} tabIndex={0} role="region" aria-label="Difference">
          {lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
            <div key={at} data-sign={line.sign}>
              {line.sign} {line.text}
            </div>
          ))}
        </pre>
      )}
      <Group mt={10} gap={8} align="flex-end">
        <TextInput
          label="Why"
          placeholder="What this version changes"
          maxLength={1000}
          w={320}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        <Button
          disabled={!parsed.checks || !changed}
          loading={store.isPending}
          onClick={() =>
            parsed.checks &&
            store.mutate(parsed.checks, {
              onSuccess: (stored) => {
                notifyDone(`Stored as version ${stored.version}`);
                onDone();
              },
            })
          }
        >
          Store as version {version + 1}
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </Group>
      {store.error && <ErrorPanel error={store.error} />}
    </div>
  );
}

function parse(text: string): { checks?: Record<string, unknown>[]; error?: string } {
  try {
    const found: unknown = JSON.parse(text);
    if (!Array.isArray(found)) return { error: "write a list: [ {...}, {...} ]" };
    return { checks: found as Record<string, unknown>[] };
  } catch (error) {
    return { error: `this is no JSON: ${(error as Error).message}` };
  }
}
