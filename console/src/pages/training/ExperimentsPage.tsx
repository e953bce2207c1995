import { Button, SegmentedControl, Table } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { formatCount } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { NewNamed } from "@/components/NewNamed";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Empty } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { formatAgo } from "@/time/format";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Filtered } from "./Filtered";
import { START_SNIPPET } from "./snippet";

const PARAMS = { q: text(), which: oneOf(["active", "deleted"], "active") };
const PATH = "/api/v1/experiments";

export default function ExperimentsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const [naming, setNaming] = useState(false);
  const query = useGet(PATH, {
    params: { query: { filter: url.q || null, which: url.which, limit: 1000 } },
  });
  const restore = useChange(
    (id: string) =>
      unwrap(
        client.PATCH("/api/v1/experiments/{experiment_id}", {
          params: { path: { experiment_id: id } },
          body: { lifecycle_stage: "active" },
        }),
      ),
    [PATH],
  );
  return (
    <>
      <PageHeader
        title="Experiments"
        time={false}
        aside={query.data && formatCount(query.data.experiments.length)}
        actions={
          can("catalog:write") && <Button onClick={() => setNaming(true)}>New experiment</Button>
        }
      />
      <Filtered
        filter={url.q}
        onFilter={(q) => setUrl({ q })}
        placeholder="name ILIKE '%churn%' AND tags.team = 'growth'"
        tools={
          <SegmentedControl
            size="xs"
            aria-label="Which experiments"
            data={["active", "deleted"]}
            value={url.which}
            onChange={(which) => setUrl({ which: which as "active" })}
          />
        }
        query={query}
        isEmpty={(data) => data.experiments.length === 0}
        empty={
          <Empty
            title={url.q ? "No experiment is found" : `There is no ${url.which} experiment`}
            snippet={url.which === "active" ? START_SNIPPET : undefined}
          >
            The unmodified mlflow client logs here:
          </Empty>
        }
      >
        {(data) => (
          <Listing
            minWidth={720}
            wrap
            highlightOnHover
            columns={[
              "Experiment",
              numeric("Runs"),
              numeric("Running"),
              numeric("Logged models"),
              "Last run",
              "Tags",
              url.which === "deleted" && "Actions",
            ]}
          >
            {data.experiments.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td>
                  <PageLink
                    to="/experiments/$experiment"
                    params={{ experiment: one.id }}
                    className="link"
                  >
                    {one.name}
                  </PageLink>
                  <div className="dimmed">{one.tags["mlflow.note.content"]?.slice(0, 160)}</div>
                </Table.Td>
                <Table.Td className="number">{formatCount(one.runs)}</Table.Td>
                <Table.Td className="number">{formatCount(one.running)}</Table.Td>
                <Table.Td className="number">{formatCount(one.models)}</Table.Td>
                <Table.Td>
                  {one.last_run_ms === null ? "–" : formatAgo(one.last_run_ms, Date.now())}
                </Table.Td>
                <Table.Td className="dimmed">
                  {Object.entries(one.tags)
                    .filter(([key]) => !key.startsWith("mlflow."))
                    .map(([key, value]) => `${key}: ${value}`)
                    .join(", ")}
                </Table.Td>
                {url.which === "deleted" && (
                  <Table.Td>
                    <Button
                      size="compact-xs"
                      variant="default"
                      disabled={!can("catalog:write")}
                      onClick={() =>
                        restore.mutate(one.id, {
                          onSuccess: () => notifyDone(`${one.name} is back`),
                          onError: (error) => notifyError("It was not restored", error),
                        })
                      }
                    >
                      Restore
                    </Button>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Listing>
        )}
      </Filtered>
      {naming && <NewExperiment onClose={() => setNaming(false)} />}
    </>
  );
}

function NewExperiment({ onClose }: { onClose: () => void }) {
  const openPage = useOpenPage();
  return (
    <NewNamed
      title="New experiment"
      about="What it is about"
      button="Create"
      path={PATH}
      onMade={(made) => openPage("/experiments/$experiment", { params: { experiment: made.id } })}
      onClose={onClose}
    />
  );
}
