import { NumberInput, SegmentedControl, Switch, Text } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { useGet } from "@/api/query";
import { formatCount, formatCounted, formatPercent } from "@/charts/units";
import { FindInput } from "@/components/FindInput";
import { PageHeader } from "@/components/PageHeader";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { flag, integer, oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { NodeName } from "../services/Dependencies";
import { HEALTH } from "../services/health";
import { EdgeList } from "./EdgeList";
import { filtered, type ServiceMap } from "./graph";
import { MapDetail } from "./MapDetail";
import classes from "./map.module.css";

const MapView = lazy(() => import("./MapView"));

const PARAMS = {
  find: text(),
  focus: text(),
  hops: integer(1, 1, 6),
  inferred: flag(true),
  failing: flag(),
  as: oneOf(["map", "list"], "map"),
  /** The node or the edge (`source target type` as JSON) that is looked at. */
  selected: text(),
};

export default function MapPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const map = useGet("/api/v1/service-map", { params: { query } });
  return (
    <div className={classes.page}>
      <PageHeader
        title="Service map"
        aside={
          map.data &&
          `${formatCounted(map.data.nodes.length, "node")}, ${formatCounted(map.data.edges.length, "edge")}`
        }
      />
      <div className={classes.tools}>
        <SegmentedControl
          aria-label="Show as"
          value={url.as}
          onChange={(as) => setUrl({ as: as as typeof url.as })}
          data={[
            { value: "map", label: "Map" },
            { value: "list", label: "List" },
          ]}
        />
        <FindInput
          label="Search nodes"
          placeholder="Search nodes"
          value={url.find}
          onFind={(find) => setUrl({ find }, { replace: true })}
        />
        <Switch
          size="xs"
          label="Databases, topics, hosts"
          checked={url.inferred}
          onChange={(event) => setUrl({ inferred: event.currentTarget.checked })}
        />
        <Switch
          size="xs"
          label="Only failing"
          checked={url.failing}
          onChange={(event) => setUrl({ failing: event.currentTarget.checked })}
        />
        {url.focus && (
          <>
            <NumberInput
              aria-label="Hops around the node in focus"
              w={92}
              min={1}
              max={6}
              suffix=" hops"
              value={url.hops}
              onChange={(hops) => setUrl({ hops: Number(hops) || 1 })}
            />
            <button type="button" className={classes.clear} onClick={() => setUrl({ focus: "" })}>
              Around {url.focus.replace(/^\w+:/, "")} ✕
            </button>
          </>
        )}
        <Key />
      </div>
      {map.data ? (
        <Loaded map={map.data} url={url} setUrl={setUrl} />
      ) : (
        <QueryState query={map} height={420}>
          {() => null}
        </QueryState>
      )}
    </div>
  );
}

interface LoadedProps {
  map: ServiceMap;
  url: ReturnType<typeof useUrlState<typeof PARAMS>>[0];
  setUrl: ReturnType<typeof useUrlState<typeof PARAMS>>[1];
}

function Loaded({ map, url, setUrl }: LoadedProps) {
  const { find, focus, hops, inferred, failing } = url;
  const shown = useMemo(
    () => filtered(map, { find, focus, hops, inferred, failing }),
    [map, find, focus, hops, inferred, failing],
  );
  const select = (selected: string) => setUrl({ selected });
  return (
    <>
      {map.truncated && <Partial>Nodes and edges of few calls are left out.</Partial>}
      {map.sampled_every > 1 && (
        <Partial>
          Numbers are estimated from one trace in {map.sampled_every} of {formatCount(map.spans)}{" "}
          spans.
        </Partial>
      )}
      <RootCauses map={map} />
      {shown.nodes.length === 0 ? (
        <Empty
          title={map.nodes.length ? "No node is left by the filters" : "No span in this time range"}
        >
          {map.nodes.length
            ? "Take a filter away."
            : "The map is made of spans: see Traces for how to send them."}
        </Empty>
      ) : (
        <div className={classes.split}>
          {url.as === "map" ? (
            <Suspense fallback={<div className={classes.canvas} aria-busy="true" />}>
              <MapView {...shown} selected={url.selected} onSelect={select} />
            </Suspense>
          ) : (
            <EdgeList edges={shown.edges} />
          )}
          {url.selected && (
            <MapDetail
              map={map}
              selected={url.selected}
              onFocus={(node) => setUrl({ focus: node })}
              onClose={() => setUrl({ selected: "" })}
            />
          )}
        </div>
      )}
    </>
  );
}

/** Where failures come from, if there are any. */
function RootCauses({ map }: { map: ServiceMap }) {
  if (map.root_causes.length === 0) return null;
  return (
    <section className={classes.causes} aria-label="Where failures come from">
      {map.root_causes.map((cause) => (
        <Text key={cause.node} size="sm" component="div">
          <span style={{ color: HEALTH.critical.color }} aria-hidden="true">
            {HEALTH.critical.sign}
          </span>{" "}
          Failures begin at <NodeName id={cause.node} />: {formatPercent(cause.fault_rate)} of its
          calls fail{cause.path.length > 1 && ", seen up to "}
          {cause.path.length > 1 && <NodeName id={cause.path[0] as string} />}
        </Text>
      ))}
    </section>
  );
}

function Key() {
  return (
    <span className={classes.key}>
      {Object.values(HEALTH).map(({ sign, word, color }) => (
        <span key={word}>
          <span style={{ color }} aria-hidden="true">
            {sign}
          </span>{" "}
          {word}
        </span>
      ))}
    </span>
  );
}
