/** What a form reads of a JSON Schema, as pydantic writes it (draft 2020-12). */

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: string[];
  const?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  discriminator?: { propertyName: string; mapping: Record<string, string> };
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  patternProperties?: Record<string, Schema>;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

export type Value = Record<string, unknown>;

/** How a value is edited. */
export type Control =
  | { kind: "object"; schema: Schema }
  | { kind: "choice"; options: Option[] }
  | { kind: "list"; items: Schema }
  | { kind: "words"; options?: string[] }
  | { kind: "map" }
  | { kind: "enum"; options: string[] }
  | { kind: "number" }
  | { kind: "boolean" }
  | { kind: "text"; long: boolean }
  | { kind: "scalar" }
  | { kind: "json" };

export interface Option {
  name: string;
  schema: Schema;
  /** Set where a member says which of the options a value is. */
  tag?: string;
}

const LONG = 2_048;
const SCALARS = new Set(["string", "number", "integer", "boolean"]);

/** Follow a reference; what stands beside it counts for more. */
export function resolved(schema: Schema, root: Schema): Schema {
  if (!schema.$ref) return schema;
  const { $ref, ...beside } = schema;
  const name = $ref.split("/").at(-1) ?? "";
  return { ...resolved(root.$defs?.[name] ?? {}, root), ...beside };
}

/** Take null out of what a value may be. */
export function withoutNull(schema: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  const found = resolved(schema, root);
  const branches = found.anyOf?.filter((one) => one.type !== "null");
  if (!branches || branches.length === found.anyOf?.length)
    return { schema: found, nullable: false };
  const { anyOf: _, ...beside } = found;
  if (branches.length === 1 && branches[0])
    return { schema: { ...resolved(branches[0], root), ...beside }, nullable: true };
  return { schema: { ...beside, anyOf: branches }, nullable: true };
}

export function controlOf(given: Schema, root: Schema): Control {
  const { schema } = withoutNull(given, root);
  const options = optionsOf(schema, root);
  if (options) return options;
  if (schema.enum) return { kind: "enum", options: schema.enum };
  if (schema.type === "boolean") return { kind: "boolean" };
  if (schema.type === "number" || schema.type === "integer") return { kind: "number" };
  if (schema.type === "string") return { kind: "text", long: (schema.maxLength ?? 0) > LONG };
  if (schema.type === "array" && schema.items) {
    const items = resolved(schema.items, root);
    if (items.enum) return { kind: "words", options: items.enum };
    return items.type === "string" ? { kind: "words" } : { kind: "list", items: schema.items };
  }
  if (schema.properties) return { kind: "object", schema };
  const values = schema.additionalProperties ?? Object.values(schema.patternProperties ?? {})[0];
  if (schema.type === "object" && typeof values === "object" && values.type === "string")
    return { kind: "map" };
  return { kind: "json" };
}

function optionsOf(schema: Schema, root: Schema): Control | undefined {
  const branches = schema.oneOf ?? schema.anyOf;
  if (!branches) return undefined;
  const found = branches.map((one) => resolved(one, root));
  if (found.every((one) => SCALARS.has(one.type ?? ""))) return { kind: "scalar" };
  if (!found.every((one) => one.properties)) return { kind: "json" };
  const tag = schema.discriminator?.propertyName;
  return {
    kind: "choice",
    options: found.map((one) => ({
      name: (tag && one.properties?.[tag]?.const) || titled(one.title ?? ""),
      schema: one,
      tag,
    })),
  };
}

/** Return which of the options a value is: by its tag, or the one that knows most of its members. */
export function chosen(options: readonly Option[], value: Value | undefined): Option | undefined {
  if (!value) return undefined;
  const tag = options[0]?.tag;
  if (tag) return options.find((one) => one.name === value[tag]);
  const knows = (one: Option) =>
    Object.keys(value).filter((name) => one.schema.properties?.[name]).length;
  return [...options].sort((a, b) => knows(b) - knows(a))[0];
}

/** Return the least value of a schema: what is required, and the tag of an option. */
export function least(given: Schema, root: Schema, option?: Option): unknown {
  const schema = option?.schema ?? withoutNull(given, root).schema;
  if (schema.default !== undefined && schema.default !== null && !option) return schema.default;
  if (schema.const !== undefined) return schema.const;
  const control = option ? { kind: "object" as const } : controlOf(schema, root);
  if (control.kind === "choice")
    return control.options[0] && least(schema, root, control.options[0]);
  if (control.kind === "list" || control.kind === "words") return [];
  if (control.kind === "enum") return schema.enum?.[0];
  if (control.kind === "boolean") return false;
  if (control.kind !== "object") return control.kind === "map" ? {} : undefined;
  const value: Value = {};
  for (const name of schema.required ?? []) {
    const one = least(schema.properties?.[name] ?? {}, root);
    if (one !== undefined) value[name] = one;
  }
  return value;
}

/** Return the object with a member set, or without it where there is no value. */
export function withMember(value: Value, name: string, member: unknown): Value {
  const { [name]: _, ...others } = value;
  return member === undefined || member === "" ? others : { ...value, [name]: member };
}

/** `burn_rate` and `BurnAlarm` as words. */
export function titled(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
