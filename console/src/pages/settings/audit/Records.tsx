import { Button, Group, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type FormEvent, useMemo } from "react";
import { client, unwrap } from "@/api/client";
import type { ApiError } from "@/api/errors";
import type { components } from "@/api/schema";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "../settings.module.css";
import { RecordTable } from "./RecordTable";

type Page = components["schemas"]["AuditPage"];
type View = components["schemas"]["AuditView"];
type Outcome = "all" | "done" | "refused";
type Trail = "changes" | "calls";

export interface Search {
  trail: Trail;
  event: string;
  who: string;
  resource: string;
  ip: string;
  outcome: Outcome;
  q: string;
  open: string;
}

interface Props {
  url: Search;
  setUrl: (patch: Partial<Search>, options?: { replace?: boolean }) => void;
}

const FIELDS: { name: "who" | "event" | "resource" | "ip" | "q"; label: string; hint: string }[] = [
  { name: "who", label: "Who", hint: "login, key or id" },
  { name: "event", label: "What", hint: "CreateApiKey, Create*" },
  { name: "resource", label: "Resource", hint: "default/model/churn" },
  { name: "ip", label: "From", hint: "203.0.113.7" },
  { name: "q", label: "Anywhere", hint: "any text" },
];

/** Records by who, what, resource, outcome and time; the search is in the address. */
export function Records({ url, setUrl }: Props) {
  const { query: range } = useTimeRange();
  const given = {
    ...range,
    trail: url.trail,
    event_name: url.event || undefined,
    actor_id: url.who || undefined,
    resource: url.resource || undefined,
    source_ip: url.ip || undefined,
    text: url.q || undefined,
    failed: url.outcome === "all" ? undefined : url.outcome === "refused",
    limit: 100,
  };
  const query = useInfiniteQuery<Page, ApiError, { pages: Page[] }, unknown[], string | null>({
    queryKey: ["/api/v1/audit", given],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET("/api/v1/audit", { params: { query: { ...given, cursor: pageParam } }, signal }),
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.cursor,
  });
  const records = useMemo(() => query.data?.pages.flatMap((page) => page.records), [query.data]);
  const narrowed = FIELDS.some(({ name }) => url[name]) || url.outcome !== "all";
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const patch: Partial<Search> = { open: "" };
    for (const { name } of FIELDS) patch[name] = String(form.get(name) ?? "").trim();
    setUrl(patch);
  };
  return (
    <Panel title="What was done in the account">
      <form
        key={FIELDS.map(({ name }) => url[name]).join("\n")}
        className={classes.form}
        onSubmit={submit}
        aria-label="Search the audit trail"
      >
        <Stack gap={2}>
          <Text size="xs" fw={500} id="audit-trail">
            Trail
          </Text>
          <SegmentedControl
            size="xs"
            aria-labelledby="audit-trail"
            value={url.trail}
            onChange={(trail) => setUrl({ trail: trail as Trail, open: "" })}
            data={[
              { value: "changes", label: "Changes" },
              { value: "calls", label: "Calls" },
            ]}
          />
        </Stack>
        {FIELDS.map(({ name, label, hint }) => (
          <TextInput
            key={name}
            name={name}
            label={label}
            placeholder={hint}
            maxLength={256}
            defaultValue={url[name]}
            w={150}
          />
        ))}
        <Select
          label="Outcome"
          data={["all", "done", "refused"]}
          value={url.outcome}
          allowDeselect={false}
          onChange={(outcome) => setUrl({ outcome: (outcome ?? "all") as Outcome, open: "" })}
          w={100}
        />
        <Button type="submit">Search</Button>
        {narrowed && (
          <Button
            variant="default"
            onClick={() =>
              setUrl({ event: "", who: "", resource: "", ip: "", q: "", outcome: "all", open: "" })
            }
          >
            All records
          </Button>
        )}
      </form>
      <QueryState
        query={{ ...query, data: records } as never}
        isEmpty={(found: View[]) => !found.length}
        empty={
          <Empty title="No record in this time range">
            {narrowed ? "Ask for less, or show" : "Show"} a longer range.
            {url.trail === "changes" && " Reads and refused calls are under Calls."}
          </Empty>
        }
        height={300}
      >
        {(found: View[]) => (
          <RecordTable
            records={found}
            open={url.open}
            onOpen={(open) => setUrl({ open }, { replace: true })}
            onSearch={(patch) => setUrl({ ...patch, open: "" })}
          />
        )}
      </QueryState>
      {query.hasNextPage && (
        <Group justify="center" p="sm">
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Older records
          </Button>
        </Group>
      )}
    </Panel>
  );
}
