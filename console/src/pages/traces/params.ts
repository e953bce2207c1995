import { integer, list, oneOf, text } from "@/url/params";
import { COMPARISONS } from "./compare";

const MAX_NS = 1e15 - 1;

/** What the address of the search page holds. */
export const SEARCH_PARAMS = {
  q: text(),
  tab: oneOf(["traces", "spans", "compare", "bottlenecks"], "traces"),
  sort: oneOf(["time", "duration"], "time"),
  /** Which spans the charts show. */
  plot: oneOf(["points", "density"], "points"),
  min: integer(0, 0, MAX_NS),
  max: integer(0, 0, MAX_NS),
  cmp: oneOf(COMPARISONS, "slow"),
  slow: integer(0, 0, MAX_NS),
  other: text(),
  /** Keys that the user added to the facets. */
  facet: list([], 20),
};
