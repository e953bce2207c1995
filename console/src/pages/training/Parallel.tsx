import { Button, Text } from "@mantine/core";
import { type PointerEvent, useMemo, useRef, useState } from "react";
import { useOpenPage } from "@/app/useOpenPage";
import { Panel } from "@/components/Panel";
import { Empty } from "@/components/QueryState";
import { axisOf, type Compared } from "./run";
import classes from "./training.module.css";

const WIDTH = 1000;
const HEIGHT = 330;
const TOP = 34;
const BOTTOM = 18;
const SIDE = 70;
const INNER = HEIGHT - TOP - BOTTOM;
const MIN_BRUSH = 0.01;

type Brush = readonly [number, number];

interface Props {
  runs: readonly Compared[];
  /** Axes from left to right; the last one gives the colour. */
  columns: readonly string[];
}

/** Parallel coordinates: a line for each run. Drag along an axis to keep the runs in that part. */
export function Parallel({ runs, columns }: Props) {
  const axes = useMemo(() => columns.map((one) => axisOf(one, runs)), [columns, runs]);
  const [brushes, setBrushes] = useState<ReadonlyMap<string, Brush>>(new Map());
  const started = useRef<{ name: string; at: number } | null>(null);
  const openPage = useOpenPage();
  if (axes.length < 2) return <Empty title="Choose two axes or more" />;
  const xOf = (index: number) => SIDE + (index * (WIDTH - 2 * SIDE)) / (axes.length - 1);
  const yOf = (place: number) => TOP + INNER * (1 - place);
  const inside = (run: Compared) =>
    axes.every((axis) => {
      const brush = brushes.get(axis.name);
      const place = axis.place(run);
      return !brush || (place !== null && place >= brush[0] && place <= brush[1]);
    });
  const kept = runs.filter(inside);
  const last = axes[axes.length - 1];
  const colorOf = (run: Compared) => {
    const place = last?.place(run) ?? null;
    if (place === null) return "var(--v-dimmed)";
    return `color-mix(in srgb, var(--v-series-1) ${Math.round(place * 100)}%, var(--v-series-0))`;
  };
  const placeAt = (event: PointerEvent<SVGElement>) => {
    const box = (event.currentTarget.ownerSVGElement as SVGSVGElement).getBoundingClientRect();
    const y = ((event.clientY - box.top) / box.height) * HEIGHT;
    return Math.max(0, Math.min(1, 1 - (y - TOP) / INNER));
  };
  const drag = (name: string, from: number, to: number) => {
    const next = new Map(brushes);
    if (Math.abs(from - to) < MIN_BRUSH) next.delete(name);
    else next.set(name, [Math.min(from, to), Math.max(from, to)]);
    setBrushes(next);
  };
  return (
    <Panel
      title={`${kept.length} of ${runs.length} runs`}
      aside={
        brushes.size > 0 && (
          <>
            <Button
              size="compact-xs"
              variant="default"
              disabled={kept.length === 0}
              onClick={() =>
                openPage("/runs/compare", { search: { run: kept.map((run) => run.info.id) } })
              }
            >
              Compare only these
            </Button>
            <Button size="compact-xs" variant="subtle" onClick={() => setBrushes(new Map())}>
              Keep all
            </Button>
          </>
        )
      }
    >
      <div className={classes.pad}>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          className={classes.svg}
          role="img"
          aria-label={`Parallel coordinates of ${runs.length} runs over ${columns.join(", ")}`}
        >
          {runs.map((run) => {
            const points = axes.flatMap((axis, index) => {
              const place = axis.place(run);
              return place === null ? [] : [`${xOf(index)},${yOf(place)}`];
            });
            return (
              <polyline
                key={run.info.id}
                points={points.join(" ")}
                className={classes.parallelLine}
                data-out={inside(run) ? undefined : ""}
                stroke={colorOf(run)}
              >
                <title>{run.info.name}</title>
              </polyline>
            );
          })}
          {axes.map((axis, index) => {
            const brush = brushes.get(axis.name);
            const x = xOf(index);
            return (
              <g key={axis.name}>
                <line x1={x} x2={x} y1={TOP} y2={TOP + INNER} className={classes.axis} />
                <text x={x} y={14} textAnchor="middle" className={classes.strong}>
                  {axis.name.slice(axis.name.indexOf(".") + 1).slice(0, 22)}
                </text>
                {axis.ticks.map((tick) => (
                  <text key={tick.text} x={x + 5} y={yOf(tick.at) + 4}>
                    {tick.text.slice(0, 16)}
                  </text>
                ))}
                {brush && (
                  <rect
                    x={x - 7}
                    width={14}
                    y={yOf(brush[1])}
                    height={Math.max(2, yOf(brush[0]) - yOf(brush[1]))}
                    className={classes.brush}
                  />
                )}
                <rect
                  x={x - 14}
                  width={28}
                  y={TOP}
                  height={INNER}
                  fill="transparent"
                  style={{ cursor: "ns-resize", touchAction: "none" }}
                  onPointerDown={(event) => {
                    event.currentTarget.setPointerCapture(event.pointerId);
                    started.current = { name: axis.name, at: placeAt(event) };
                  }}
                  onPointerMove={(event) => {
                    const from = started.current;
                    if (from?.name === axis.name) drag(axis.name, from.at, placeAt(event));
                  }}
                  onPointerUp={(event) => {
                    const from = started.current;
                    if (from) drag(from.name, from.at, placeAt(event));
                    started.current = null;
                  }}
                />
              </g>
            );
          })}
        </svg>
        <Text size="xs" c="dimmed">
          Drag along an axis to keep the runs in that part; a click takes it off. The same numbers
          are under "Parameters and metrics".
        </Text>
      </div>
    </Panel>
  );
}
