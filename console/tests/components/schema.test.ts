import { describe, expect, test } from "vitest";
import {
  chosen,
  controlOf,
  least,
  type Schema,
  titled,
  withMember,
  withoutNull,
} from "@/components/schema/schema";

const ROOT: Schema = {
  $defs: {
    Http: {
      title: "Http",
      type: "object",
      required: ["type", "url"],
      properties: { type: { const: "http", type: "string" }, url: { type: "string" } },
    },
    Tcp: {
      title: "Tcp",
      type: "object",
      required: ["type", "port"],
      properties: {
        type: { const: "tcp", type: "string" },
        port: { type: "integer", default: 443 },
      },
    },
  },
};
const CHECK: Schema = {
  oneOf: [{ $ref: "#/$defs/Http" }, { $ref: "#/$defs/Tcp" }],
  discriminator: { propertyName: "type", mapping: {} },
};

describe("how a value is edited", () => {
  test.each<[string, Schema]>([
    ["text", { type: "string" }],
    ["number", { type: "integer" }],
    ["boolean", { type: "boolean" }],
    ["enum", { enum: ["a"], type: "string" }],
    ["words", { type: "array", items: { type: "string" } }],
    ["list", { type: "array", items: { $ref: "#/$defs/Http" } }],
    ["map", { type: "object", additionalProperties: { type: "string" } }],
    ["object", { $ref: "#/$defs/Http" }],
    ["choice", CHECK],
    ["scalar", { anyOf: [{ type: "string" }, { type: "number" }, { type: "null" }] }],
    ["json", { type: "object", additionalProperties: { type: "object" } }],
  ])("%s", (kind, schema) => {
    expect(controlOf(schema, ROOT).kind).toBe(kind);
  });

  test("what may be null is edited as what else it is", () => {
    const given: Schema = { anyOf: [{ type: "number" }, { type: "null" }], default: null };
    expect(withoutNull(given, ROOT)).toEqual({
      schema: { type: "number", default: null },
      nullable: true,
    });
  });
});

describe("a value that is chosen anew", () => {
  const control = controlOf(CHECK, ROOT);
  const options = control.kind === "choice" ? control.options : [];

  test("is known by its tag", () => {
    expect(chosen(options, { type: "tcp", port: 1 })?.name).toBe("tcp");
    expect(chosen(options, undefined)).toBeUndefined();
  });

  test("has what is required, with defaults", () => {
    expect(least(CHECK, ROOT, options[1])).toEqual({ type: "tcp", port: 443 });
    expect(least(CHECK, ROOT)).toEqual({ type: "http" });
  });

  test("without a tag is known by its members", () => {
    const plain = controlOf({ anyOf: [{ $ref: "#/$defs/Http" }, { $ref: "#/$defs/Tcp" }] }, ROOT);
    const untagged = plain.kind === "choice" ? plain.options : [];
    expect(chosen(untagged, { port: 5 })?.name).toBe("Tcp");
  });
});

test("a member that is emptied is taken away", () => {
  expect(withMember({ a: 1, b: 2 }, "b", undefined)).toEqual({ a: 1 });
  expect(withMember({ a: 1 }, "b", "x")).toEqual({ a: 1, b: "x" });
});

test("names become words", () => {
  expect(titled("burn_rate")).toBe("Burn rate");
  expect(titled("BurnAlarm")).toBe("Burn alarm");
});
