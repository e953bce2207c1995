import { ActionIcon } from "@mantine/core";
import { IconArrowsMove } from "@tabler/icons-react";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import classes from "./dashboards.module.css";
import { moved, stepped, withPlaces } from "./grid";
import { COLUMNS, type Panel, type Place } from "./model";
import { PanelView } from "./PanelView";
import { repeated, type Values } from "./variables";

const ROW_PX = 38;

interface Props {
  panels: readonly Panel[];
  values: Values;
  editing: boolean;
  /** The places after one was moved; once for a drag, when it ends. */
  onPlaces: (panels: Panel[]) => void;
  menuOf: (panel: Panel) => ReactNode;
}

/** The panels on their grid of 24 columns; one below the other on narrow screens. */
export function Grid({ panels, values, editing, onPlaces, menuOf }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [dragged, setDragged] = useState<{ id: string; place: Place } | null>(null);
  const [said, setSaid] = useState("");
  const placed = dragged
    ? withPlaces(panels, moved(panels, dragged.id, dragged.place))
    : [...panels];
  const shown: [Panel, Values][] = editing
    ? placed.map((one) => [one, values])
    : repeated(placed, values);
  const put = (id: string, place: Place) => onPlaces(withPlaces(panels, moved(panels, id, place)));

  const grab = (panel: Panel, resize: boolean) => (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0 || !host.current) return;
    event.preventDefault();
    const handle = event.currentTarget;
    const [x, y] = [event.clientX, event.clientY];
    const column = host.current.clientWidth / COLUMNS;
    let last = panel.place;
    const follow = (at: globalThis.PointerEvent) => {
      const dx = Math.round((at.clientX - x) / column);
      const dy = Math.round((at.clientY - y) / ROW_PX);
      last = resize
        ? {
            ...panel.place,
            w: Math.min(panel.place.w + dx, COLUMNS - panel.place.x),
            h: panel.place.h + dy,
          }
        : { ...panel.place, x: panel.place.x + dx, y: panel.place.y + dy };
      setDragged({ id: panel.id, place: last });
    };
    const drop = (at: globalThis.PointerEvent) => {
      handle.removeEventListener("pointermove", follow);
      handle.removeEventListener("pointerup", drop);
      handle.removeEventListener("pointercancel", drop);
      setDragged(null);
      if (at.type === "pointerup" && last !== panel.place) put(panel.id, last);
    };
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", follow);
    handle.addEventListener("pointerup", drop);
    handle.addEventListener("pointercancel", drop);
  };
  const step = (panel: Panel) => (event: KeyboardEvent<HTMLElement>) => {
    const place = stepped(panel.place, event.key, event.shiftKey);
    if (!place) return;
    event.preventDefault();
    event.stopPropagation();
    put(panel.id, place);
    setSaid(
      `${panel.title || panel.id}: column ${place.x + 1}, row ${place.y + 1}, ${place.w} wide, ${place.h} high`,
    );
  };
  return (
    <div ref={host} className={classes.grid} data-editing={editing || undefined}>
      {shown.map(([panel, own]) => (
        <div
          key={panel.id}
          className={classes.cell}
          data-dragged={dragged?.id === panel.id || undefined}
          style={
            {
              "--x": panel.place.x + 1,
              "--y": panel.place.y + 1,
              "--w": panel.place.w,
              "--h": panel.place.h,
            } as never
          }
        >
          <PanelView
            panel={panel}
            values={own}
            menu={menuOf(panel)}
            handle={
              editing && (
                <ActionIcon
                  size="sm"
                  className={classes.handle}
                  aria-label={`Move ${panel.title || panel.id}: arrow keys move, with Shift they resize`}
                  onPointerDown={grab(panel, false)}
                  onKeyDown={step(panel)}
                >
                  <IconArrowsMove size={14} />
                </ActionIcon>
              )
            }
          />
          {editing && (
            <span className={classes.corner} onPointerDown={grab(panel, true)} aria-hidden />
          )}
        </div>
      ))}
      <span className={classes.said} aria-live="polite">
        {said}
      </span>
    </div>
  );
}
