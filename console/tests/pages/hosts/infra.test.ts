import { describe, expect, it } from "vitest";
import {
  type Advice,
  days,
  findingOf,
  growthText,
  type Item,
  money,
  outlookText,
  type Store,
  shares,
  sizeText,
  stateOf,
  storageAlarm,
} from "@/pages/hosts/infra";

const store = (outlook: Partial<Store["outlook"]>, more: Partial<Store> = {}): Store =>
  ({
    unit: "By",
    reporting: true,
    ...more,
    outlook: {
      state: "growing",
      days: 20,
      earliest: 17,
      latest: 26.4,
      per_day: 2 ** 30,
      notes: [],
      ...outlook,
    },
  }) as Store;

describe("a forecast of storage", () => {
  it("says when, between which days, and what is not known", () => {
    expect(outlookText(store({}))).toBe("20 days (17 days to 26 days)");
    expect(outlookText(store({ latest: null }))).toBe("20 days (17 days to over ten years)");
    expect(outlookText(store({ earliest: 20, latest: 20 }))).toBe("20 days");
    expect(outlookText(store({ state: "full", days: 0 }))).toBe("now");
    expect(outlookText(store({ state: "not_growing", days: null }))).toBe("–");
    expect([days(null), days(0.5), days(3.14)]).toEqual(["–", "12 h", "3.1 days"]);
  });
  it("says growth with its sign and unit, and whether the host reports", () => {
    expect(growthText(store({}))).toBe("+1 GiB a day");
    expect(growthText(store({ per_day: -0.01 }, { unit: "1" }))).toBe("-1 % a day");
    expect(growthText(store({ per_day: null }))).toBe("–");
    expect(stateOf(store({ state: "too_little_history" }))).toBe("too little history");
    expect(stateOf(store({}, { reporting: false }))).toBe("not reporting");
  });
  it("makes an alarm of the host's disks within a week", () => {
    const draft = JSON.parse(storageAlarm("a").d as string);
    expect(draft.spec.source.queries[0].metric).toBe("vedette.storage.days_until_full");
    expect(draft.spec.source.queries[0].matchers).toEqual([
      { label: "host", operator: "=", value: "a" },
    ]);
    expect(draft.spec.condition.threshold).toEqual({ comparison: "<", threshold: 7 });
  });
});

describe("use and sizes", () => {
  it("compare with what is reserved, else with the limit, else with nothing", () => {
    const level = { mean: 1, high: 2, most: 3, idle: null };
    expect(shares({ ...level, reserved: 4, limit: 8 } as Item["cpu"])).toEqual({
      mean: 0.25,
      high: 0.5,
    });
    expect(shares({ ...level, reserved: null, limit: 8 } as Item["cpu"])?.mean).toBe(0.125);
    expect(shares({ ...level, reserved: null, limit: null } as Item["cpu"])).toBeNull();
    expect(shares(null)).toBeNull();
  });
  it("are told in words", () => {
    const size = { machine_type: "small", cpus: 1, memory_bytes: 2 ** 31, gpus: null };
    expect(sizeText({ size } as Advice)).toBe("small, 1 core, 2 GiB");
    expect(sizeText({ size: null } as Advice)).toBe("");
    expect(findingOf({ finding: "over_provisioned" } as Advice)).toBe("over-provisioned");
    expect([money(null, "EUR"), money(0.0123, "EUR"), money(1234.5, "EUR")]).toEqual([
      "–",
      "0.0123 EUR",
      "1,234.50 EUR",
    ]);
  });
});
