import { Button, Group } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Partial, QueryState, Snippet } from "@/components/QueryState";
import training from "@/pages/training/training.module.css";
import { formatAgo } from "@/time/format";

type Version = components["schemas"]["ScorerVersionView"];

/** The versions of a scorer, the newest first. */
export default function ScorerPage() {
  const { experiment, name } = useParams({ strict: false }) as { experiment: string; name: string };
  const [before, setBefore] = useState<number | null>(null);
  const query = useGet("/api/v1/scorers/versions", {
    params: { query: { experiment_id: experiment, name, before: before ?? undefined } },
  });
  return (
    <>
      <PageHeader
        title={name}
        time={false}
        aside={
          <Group gap="sm">
            <Pivot to="/experiments/$experiment" params={{ experiment }}>
              {query.data?.experiment.name ?? "Its experiment"}
            </Pivot>
            <Pivot to="/evaluation" search={{ tab: "scorers" }}>
              All scorers
            </Pivot>
          </Group>
        }
      />
      <QueryState query={query} height={300}>
        {(found) => (
          <div className={training.body}>
            {found.versions.map((one) => (
              <VersionPanel key={one.version} of={one} />
            ))}
            <Group gap="xs">
              {before !== null && (
                <Button variant="default" onClick={() => setBefore(null)}>
                  Newest versions
                </Button>
              )}
              {found.before !== null && (
                <Button variant="default" onClick={() => setBefore(found.before)}>
                  Earlier versions
                </Button>
              )}
            </Group>
          </div>
        )}
      </QueryState>
    </>
  );
}

function VersionPanel({ of }: { of: Version }) {
  const about = [of.kind, of.model, formatAgo(of.created_ms, Date.now())].filter(Boolean);
  return (
    <Panel
      title={`Version ${of.version}`}
      aside={<span className="dimmed">{about.join(" · ")}</span>}
    >
      <div className={training.pad}>
        {of.description && <p>{of.description}</p>}
        <Snippet text={of.text} />
        {of.truncated && <Partial>Only the beginning of the text is shown.</Partial>}
      </div>
    </Panel>
  );
}
