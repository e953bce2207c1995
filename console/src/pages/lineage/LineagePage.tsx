import { NumberInput, SegmentedControl, Table } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { client, unwrap } from "@/api/client";
import { useAsk } from "@/api/query";
import { FindInput } from "@/components/FindInput";
import { Listing } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { Partial, QueryState } from "@/components/QueryState";
import { integer, list, oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Found } from "./Found";
import { type Lineage, type LineageNode, labelOf, merged, pictureOf } from "./graph";
import { LineageDetail } from "./LineageDetail";
import classes from "./lineage.module.css";

const LineageView = lazy(() => import("./LineageView"));
const PARAMS = {
  /** The entity that is looked at: account/kind/name or account/kind/name/version. */
  resource: text(),
  find: text(),
  direction: oneOf(["both", "up", "down"], "both"),
  depth: integer(3, 1, 100),
  as: oneOf(["graph", "list"], "graph"),
  /** Entities whose neighbours were asked for beside those of `resource`. */
  expanded: list([], 30),
  selected: text(),
};

export default function LineagePage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const open = (resource: string) => setUrl({ resource, expanded: [], selected: "", find: "" });
  return (
    <div className={classes.page}>
      <PageHeader title="Lineage" time={false} />
      <div className={classes.tools}>
        <FindInput
          label="Search datasets, pipelines and models"
          placeholder="Search datasets, pipelines, models"
          w={300}
          value={url.find}
          onFind={(find) => setUrl({ find }, { replace: true })}
        />
        {url.resource && (
          <>
            <SegmentedControl
              aria-label="Which way"
              value={url.direction}
              onChange={(way) => setUrl({ direction: way as typeof url.direction })}
              data={[
                { value: "up", label: "Upstream" },
                { value: "both", label: "Both" },
                { value: "down", label: "Downstream" },
              ]}
            />
            <NumberInput
              aria-label="Hops"
              w={92}
              min={1}
              max={100}
              suffix=" hops"
              value={url.depth}
              onChange={(depth) => setUrl({ depth: Number(depth) || 1 })}
            />
            <SegmentedControl
              aria-label="Show as"
              value={url.as}
              onChange={(as) => setUrl({ as: as as typeof url.as })}
              data={[
                { value: "graph", label: "Graph" },
                { value: "list", label: "List" },
              ]}
            />
          </>
        )}
      </div>
      {url.find || !url.resource ? (
        <Found q={url.find} onOpen={open} />
      ) : (
        <Shown url={url} setUrl={setUrl} onOpen={open} />
      )}
    </div>
  );
}

interface ShownProps {
  url: ReturnType<typeof useUrlState<typeof PARAMS>>[0];
  setUrl: ReturnType<typeof useUrlState<typeof PARAMS>>[1];
  onOpen: (resource: string) => void;
}

function Shown({ url, setUrl, onOpen }: ShownProps) {
  const { resource, direction, depth, expanded } = url;
  const answers = useAsk<Lineage[]>(["lineage", resource, direction, depth, expanded], (signal) =>
    Promise.all(
      [
        { resource, direction, depth },
        ...expanded.map((one) => ({ resource: one, direction: "both" as const, depth: 1 })),
      ].map((query) => unwrap(client.GET("/api/v1/lineage/graph", { params: { query }, signal }))),
    ),
  );
  const whole = useMemo(() => merged(answers.data ?? []), [answers.data]);
  const picture = useMemo(
    () => pictureOf(whole.nodes, whole.edges, new Set([resource, ...expanded])),
    [whole, resource, expanded],
  );
  const selected = picture.nodes.find((node) => node.id === url.selected);
  const lonely = whole.nodes.length === 1;
  return (
    <QueryState query={answers} height={420}>
      {(data) => (
        <>
          {data.some((one) => one.truncated) && (
            <Partial>
              There is more than is shown: take fewer hops, or look from a nearer node.
            </Partial>
          )}
          {picture.aggregated && (
            <Partial>
              {whole.nodes.length} entities are drawn together by kind and distance; choose a group
              for its members.
            </Partial>
          )}
          {lonely && <Partial>Nothing is known to lead to or from {whole.nodes[0]?.name}.</Partial>}
          <div className={classes.split}>
            {url.as === "graph" ? (
              <Suspense fallback={<div className={classes.canvas} aria-busy="true" />}>
                <LineageView
                  picture={picture}
                  start={resource}
                  selected={url.selected}
                  onSelect={(id) => setUrl({ selected: id })}
                />
              </Suspense>
            ) : (
              <NodeList nodes={whole.nodes} onSelect={(id) => setUrl({ selected: id })} />
            )}
            {selected && (
              <LineageDetail
                node={selected}
                onOpen={onOpen}
                onExpand={(one) => setUrl({ expanded: [...expanded, one] })}
                onClose={() => setUrl({ selected: "" })}
              />
            )}
          </div>
        </>
      )}
    </QueryState>
  );
}

function NodeList({
  nodes,
  onSelect,
}: {
  nodes: readonly LineageNode[];
  onSelect: (id: string) => void;
}) {
  const rows = [...nodes].sort((a, b) => a.hop - b.hop).slice(0, 1000);
  return (
    <div className={classes.list}>
      <Listing highlightOnHover columns={["Hops", "Kind", "Name", "Status"]}>
        {rows.map((node) => (
          <Table.Tr key={node.resource}>
            <Table.Td>{node.hop}</Table.Td>
            <Table.Td>{node.kind.replace("_", " ")}</Table.Td>
            <Table.Td>
              <button
                type="button"
                className={classes.pick}
                onClick={() => onSelect(node.resource)}
              >
                {labelOf(node)}
              </button>
            </Table.Td>
            <Table.Td>{String(node.about.status ?? node.about.stage ?? "")}</Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </div>
  );
}
