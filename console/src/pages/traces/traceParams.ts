import { flag, Invalid, oneOf, type Param, pattern, text } from "@/url/params";

/** The part of the trace's time that is shown, as shares of its duration: `0.1-0.25`. */
const windowParam: Param<readonly [number, number]> = {
  fallback: [0, 1],
  read: (raw) => {
    const found = /^(\d(?:\.\d{1,9})?)-(\d(?:\.\d{1,9})?)$/.exec(String(raw));
    const [start, end] = [Number(found?.[1]), Number(found?.[2])];
    return start >= 0 && end <= 1 && end - start > 1e-8
      ? [start, end]
      : new Invalid("it is not a part of the trace, such as 0.1-0.25");
  },
  write: ([start, end]) => (start <= 0 && end >= 1 ? undefined : `${share(start)}-${share(end)}`),
};
const share = (value: number): string => String(Number(value.toFixed(9)));

export const DETAIL_TABS = ["attributes", "events", "links", "logs", "resource"] as const;
export const TRACE_PARAMS = {
  span: pattern(/^[0-9a-f]{16}$/, "a span id of 16 hexadecimal digits"),
  view: oneOf(["waterfall", "flame"], "waterfall"),
  tab: oneOf(DETAIL_TABS, "attributes"),
  find: text(),
  by: oneOf(["span", "service"], "span"),
  only: flag(),
  part: windowParam,
};
