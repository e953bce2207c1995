import type { TraceAnswer } from "@/pages/traces/model";

export interface SpanSpec {
  id: string;
  parent?: string;
  service?: string;
  name?: string;
  start: number;
  end: number;
  status?: string;
}

/** An answer of the API with these spans. */
export function answerOf(
  specs: SpanSpec[],
  more: Partial<TraceAnswer> = {},
  path: [string, number, number][] = [],
): TraceAnswer {
  const ids = new Set(specs.map((one) => one.id));
  const column = <T>(pick: (spec: SpanSpec) => T): T[] => specs.map(pick);
  return {
    trace_id: "0".repeat(32),
    start_ns: "0",
    duration_ns: Math.max(...specs.map((one) => one.end)),
    total_spans: specs.length,
    truncated: false,
    roots: specs.filter((one) => !one.parent || !ids.has(one.parent)).map((one) => one.id),
    missing_parents: [],
    critical_path: {
      segments: path.map(([span_id, start, end]) => ({
        span_id,
        offset_ns: start,
        duration_ns: end - start,
      })),
      asynchronous: [],
      moved: {},
    },
    spans: {
      span_id: column((one) => one.id),
      parent_span_id: column((one) => one.parent ?? ""),
      service_name: column((one) => one.service ?? "shop"),
      name: column((one) => one.name ?? one.id),
      kind: column(() => "Internal"),
      offset_ns: column((one) => one.start),
      duration_ns: column((one) => one.end - one.start),
      status: column((one) => one.status ?? "Unset"),
      status_message: column(() => ""),
      host: column(() => ""),
      events: column(() => 0),
      exception: column(() => false),
      links: column(() => 0),
    },
    ...more,
  };
}
