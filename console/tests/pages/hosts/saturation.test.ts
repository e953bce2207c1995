import { describe, expect, it } from "vitest";
import type { Batch } from "@/charts/metricQuery";
import { processesOf } from "@/pages/hosts/HostPage";
import {
  cpuByMode,
  filesByMount,
  HOST,
  hostQueries,
  saturationOf,
  sumOf,
} from "@/pages/hosts/saturation";

type Labelled = [Record<string, string>, (number | null)[]];

function batch(results: Record<string, Labelled[]>): Batch {
  return {
    timestamps: [0, 60],
    period: 60,
    results: Object.entries(results).map(([id, series]) => ({
      id,
      label: id,
      hidden: 0,
      unit: "",
      warnings: [],
      series: series.map(([labels, values]) => ({
        label: "",
        labels: { [HOST]: "a", ...labels },
        values,
      })),
    })),
  };
}

describe("saturation", () => {
  it("takes the busy share of CPU time, by either name of the label", () => {
    for (const mode of ["cpu.mode", "state"]) {
      const found = saturationOf(
        batch({
          cpu: [
            [{ [mode]: "idle" }, [3, null]],
            [{ [mode]: "user" }, [1, null]],
          ],
        }),
        "a",
      );
      expect(found.cpu).toEqual([0.25, null]);
    }
  });

  it("takes the fullest file system, and no other host's", () => {
    const mount = "system.filesystem.mountpoint";
    const state = "system.filesystem.state";
    const answer = batch({
      files: [
        [{ [mount]: "/", [state]: "used" }, [1, 1]],
        [{ [mount]: "/", [state]: "free" }, [9, 9]],
        [{ [mount]: "/data", [state]: "used" }, [8, 8]],
        [{ [mount]: "/data", [state]: "free" }, [2, 2]],
        [{ [HOST]: "b", [mount]: "/full", [state]: "used" }, [1, 1]],
      ],
    });
    const found = saturationOf(answer, "a");
    expect([found.fullest, found.files]).toEqual(["/data", [0.8, 0.8]]);
    expect(filesByMount(batch({ files: [] })).series).toEqual([]);
  });

  it("leaves the loopback out of the network, and gaps are gaps", () => {
    const name = "network.interface.name";
    const found = saturationOf(
      batch({
        network: [
          [{ [name]: "eth0" }, [5, null]],
          [{ [name]: "lo" }, [100, 100]],
        ],
      }),
      "a",
    );
    expect(found.network).toEqual([5, null]);
    expect(found.memory).toEqual([null, null]);
  });

  it("does not show idle time as work", () => {
    const shown = cpuByMode(
      batch({
        cpu: [
          [{ "cpu.mode": "idle" }, [3, 3]],
          [{ "cpu.mode": "user" }, [1, 1]],
        ],
      }),
    );
    expect(shown.series.map((one) => [one.label, one.values])).toEqual([["user", [0.25, 0.25]]]);
  });

  it("asks for one host where one is named", () => {
    expect(hostQueries().every((one) => one.matchers?.length === 0)).toBe(true);
    expect(hostQueries('x"y').every((one) => one.matchers?.[0]?.value === 'x"y')).toBe(true);
  });

  it("adds what is there", () =>
    expect(sumOf([{ values: [1, null] }, { values: [2, null] }], 2)).toEqual([3, null]));
});

describe("processesOf", () => {
  it("shows the newest list alone, the busiest first", () => {
    const record = (timestamp: string, name: string, cpu: string) => ({
      timestamp,
      attributes: { "process.executable.name": name, "process.cpu.utilization": cpu },
    });
    const found = processesOf(
      [record("2", "a", "0.1"), record("2", "b", "0.5"), record("1", "old", "0.9")],
      "2",
    );
    expect(found.map((one) => one.name)).toEqual(["b", "a"]);
  });
});
