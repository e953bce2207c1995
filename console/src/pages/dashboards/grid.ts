/** Panels on a grid: moving and resizing one pushes the others out of its way. */

import type { Place } from "./model";
import { COLUMNS } from "./model";

export interface Placed {
  id: string;
  place: Place;
}

const MIN = 2;
const MAX_HEIGHT = 100;

const overlap = (a: Place, b: Place): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

const inOrder = (a: Placed, b: Placed): number =>
  a.place.y - b.place.y || a.place.x - b.place.x || (a.id < b.id ? -1 : 1);

/** A place inside of the grid. */
export function clamped(place: Place): Place {
  const w = Math.min(COLUMNS, Math.max(MIN, Math.round(place.w)));
  return {
    w,
    h: Math.min(MAX_HEIGHT, Math.max(MIN, Math.round(place.h))),
    x: Math.min(COLUMNS - w, Math.max(0, Math.round(place.x))),
    y: Math.max(0, Math.round(place.y)),
  };
}

/** Every panel as far up as those above it let it be; none over another. */
export function compacted(panels: readonly Placed[]): Map<string, Place> {
  const done: Placed[] = [];
  for (const one of [...panels].sort(inOrder)) {
    let place = clamped(one.place);
    const free = (y: number) => !done.some((other) => overlap({ ...place, y }, other.place));
    let y = place.y;
    while (!free(y)) y += 1;
    while (y > 0 && free(y - 1)) y -= 1;
    place = { ...place, y };
    done.push({ id: one.id, place });
  }
  return new Map(done.map((one) => [one.id, one.place]));
}

/** The places after one panel was put somewhere: it has precedence, the others give way. */
export function moved(panels: readonly Placed[], id: string, wanted: Place): Map<string, Place> {
  const target = clamped(wanted);
  const done: Placed[] = [{ id, place: target }];
  for (const one of panels.filter((other) => other.id !== id).sort(inOrder)) {
    let { y } = one.place;
    while (done.some((other) => overlap({ ...one.place, y }, other.place))) y += 1;
    done.push({ id: one.id, place: { ...one.place, y } });
  }
  return compacted(done);
}

export function withPlaces<T extends Placed>(
  panels: readonly T[],
  places: Map<string, Place>,
): T[] {
  return panels.map((one) => {
    const place = places.get(one.id);
    return !place || same(place, one.place) ? one : { ...one, place };
  });
}

const same = (a: Place, b: Place): boolean =>
  a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;

/** What an arrow key does with a panel: it moves, or with Shift grows and shrinks. */
export function stepped(place: Place, key: string, resize: boolean): Place | null {
  const dx = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  const dy = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
  if (!dx && !dy) return null;
  if (!resize) return clamped({ ...place, x: place.x + dx, y: place.y + dy });
  const w = Math.min(place.w + dx, COLUMNS - place.x);
  return clamped({ ...place, w, h: place.h + dy });
}
