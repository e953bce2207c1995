import { useEffect, useRef, useState } from "react";
import { apiUrl } from "@/api/base";
import { authHeaders, noteStatus } from "@/api/client";
import { type ApiError, asApiError, errorOf, isRetryable } from "@/api/errors";
import type { LogRecord } from "./record";
import { EventParser } from "./sse";

/** Records kept; of more, the oldest go. */
export const KEPT = 2000;
/** Records held back while paused; more are counted as dropped. */
export const HELD = 2000;
const DRAW_MS = 300;
const AGAIN_MS = [1000, 2000, 5000, 10_000];

export interface TailState {
  records: readonly LogRecord[];
  /** Records that came too fast to be shown, or for which there was no room while paused. */
  dropped: number;
  /** Records that wait until the tail goes on. */
  waiting: number;
  status: "connecting" | "following" | "broken";
  error: ApiError | null;
}

/** What a tail holds; the rules of its limits, apart from time and network. */
export class TailBuffer {
  records: LogRecord[] = [];
  held: LogRecord[] = [];
  dropped = 0;

  add(record: LogRecord): void {
    if (this.held.length < HELD) this.held.push(record);
    else this.dropped += 1;
  }

  /** Move what is held into what is shown. */
  release(): boolean {
    if (!this.held.length) return false;
    const all = [...this.records, ...this.held];
    this.records = all.slice(-KEPT);
    this.held = [];
    return true;
  }
}

const EMPTY: TailState = { records: [], dropped: 0, waiting: 0, status: "connecting", error: null };

/** Follow matching records as they are stored, until `q` changes or nobody looks any more. */
export function useTail(q: string, paused: boolean): TailState {
  const [state, setState] = useState(EMPTY);
  const still = useRef(paused);
  still.current = paused;
  useEffect(() => {
    const abort = new AbortController();
    const buffer = new TailBuffer();
    setState(EMPTY);
    const draw = setInterval(() => {
      if (!still.current) buffer.release();
      const { records, dropped, held } = buffer;
      setState((before) =>
        before.records === records && before.dropped === dropped && before.waiting === held.length
          ? before
          : { ...before, records, dropped, waiting: held.length },
      );
    }, DRAW_MS);
    void follow(q, buffer, abort.signal, (status, error) =>
      setState((before) => ({ ...before, status, error })),
    );
    return () => {
      clearInterval(draw);
      abort.abort();
    };
  }, [q]);
  return state;
}

type Tell = (status: TailState["status"], error: ApiError | null) => void;

/** Connect, and again where the connection breaks; a wrong search ends it. */
async function follow(
  q: string,
  buffer: TailBuffer,
  signal: AbortSignal,
  tell: Tell,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      const answer = await fetch(apiUrl("/api/v1/logs/tail", { q }), {
        headers: { ...authHeaders("GET"), Accept: "text/event-stream" },
        signal,
      });
      noteStatus(answer.status, answer.url);
      if (!answer.ok) throw errorOf(answer.status, await answer.json().catch(() => undefined));
      tell("following", null);
      failures = 0;
      await read(answer, buffer);
      tell("connecting", null);
    } catch (error) {
      if (signal.aborted) return;
      const told = asApiError(error);
      tell("broken", told);
      if (told.status && !isRetryable(told)) return;
    }
    await pause(AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)] ?? 10_000, signal);
  }
}

async function read(answer: Response, buffer: TailBuffer): Promise<void> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const event of parser.push(value)) {
      const data: unknown = JSON.parse(event.data);
      if (event.name === "log") buffer.add(whole(data as Partial<LogRecord>));
      if (event.name === "dropped") buffer.dropped += (data as { count: number }).count;
    }
  }
}

/** A record of the tail, which comes without what it does not need. */
function whole(record: Partial<LogRecord>): LogRecord {
  return {
    timestamp: "",
    severity_text: "",
    severity_number: 0,
    service_name: "",
    body: "",
    trace_id: "",
    span_id: "",
    event_name: "",
    scope_name: "",
    attributes: {},
    resource: {},
    ...record,
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
