import { describe, expect, it } from "vitest";
import type { LogRecord } from "@/pages/logs/record";
import { EventParser } from "@/pages/logs/sse";
import { HELD, KEPT, TailBuffer } from "@/pages/logs/useTail";

const record = (n: number) => ({ body: String(n) }) as LogRecord;

describe("server-sent events", () => {
  it("come whole, however the stream is cut", () => {
    const text =
      ': hello\n\nevent: log\ndata: {"a":\ndata: 1}\n\nid: 7\nevent: dropped\ndata: {"count": 3}\n\n';
    for (const size of [1, 7, 1000]) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < text.length; at += size)
        events.push(...parser.push(text.slice(at, at + size)));
      expect(events).toEqual([
        { name: "log", data: '{"a":\n1}' },
        { name: "dropped", data: '{"count": 3}' },
      ]);
    }
  });
});

describe("what a tail holds", () => {
  it("keeps the newest", () => {
    const buffer = new TailBuffer();
    for (let n = 0; n < 3 * KEPT; n += 1) {
      buffer.add(record(n));
      if (n % 100 === 99) buffer.release();
    }
    expect(buffer.records).toHaveLength(KEPT);
    expect(buffer.records.at(-1)?.body).toBe(String(3 * KEPT - 1));
    expect(buffer.dropped).toBe(0);
  });

  it("counts what there is no room for while paused", () => {
    const buffer = new TailBuffer();
    for (let n = 0; n < HELD + 5; n += 1) buffer.add(record(n));
    expect(buffer.dropped).toBe(5);
    expect(buffer.held).toHaveLength(HELD);
    expect(buffer.release()).toBe(true);
    expect(buffer.release()).toBe(false);
  });
});
