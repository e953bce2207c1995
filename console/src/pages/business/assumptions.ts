/** The numbers of a return that are assumed: found wherever an estimate stands in the definition. */

export type Path = readonly (string | number)[];

export interface Assumed {
  name: string;
  path: Path;
  value: number;
  low: number | null;
  high: number | null;
  why: string;
}

type Json = Record<string, unknown>;

const isEstimate = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && typeof (value as Json).value === "number";

/** All estimates of a definition, named by where they stand; those of costs by the cost's name. */
export function assumptionsOf(spec: unknown): Assumed[] {
  const found: Assumed[] = [];
  const visit = (value: unknown, path: Path, name: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (isEstimate(value)) {
      found.push({
        name,
        path,
        value: value.value as number,
        low: (value.low as number | null) ?? null,
        high: (value.high as number | null) ?? null,
        why: (value.why as string) ?? "",
      });
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      const own = (inner as Json | null)?.name;
      const step = Array.isArray(value) ? String(own ?? Number(key) + 1) : key;
      const quiet = ["inputs", "amount", "costs", "value"].includes(step);
      visit(
        inner,
        [...path, Array.isArray(value) ? Number(key) : key],
        quiet ? name : [name, step.replaceAll("_", " ")].filter(Boolean).join(" "),
      );
    }
  };
  visit(spec, [], "");
  return found;
}

/** The definition with another value at a place. */
export function withAssumption<T>(spec: T, path: Path, value: number): T {
  const [step, ...rest] = path;
  if (step === undefined) return { ...(spec as Json), value } as T;
  const inner = withAssumption((spec as Json)[step as string], rest, value);
  if (Array.isArray(spec)) return spec.map((one, at) => (at === step ? inner : one)) as T;
  return { ...(spec as Json), [step]: inner } as T;
}
