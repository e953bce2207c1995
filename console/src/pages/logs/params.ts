import { flag, list, oneOf, pattern, text } from "@/url/params";
import type { StateOf } from "@/url/state";

export const VIEWS = ["records", "patterns", "tail", "query"] as const;
export type View = (typeof VIEWS)[number];

/** What of the page is in the address. */
export const PARAMS = {
  q: text(),
  view: oneOf(VIEWS, "records"),
  col: list([], 20),
  order: oneOf(["desc", "asc"], "desc"),
  facet: list([], 15),
  compare: flag(),
  pipe: text(),
  sel: pattern(/^[\dTZ:.-]{20,40}\.[a-z0-9.]{1,16}$/, "a record"),
};
export type LogsUrl = StateOf<typeof PARAMS>;
export type SetLogsUrl = (patch: Partial<LogsUrl>, options?: { replace?: boolean }) => void;
