/** Numbers of metrics, short. */
export function compact(value: number | null | undefined): string {
  if (value === null || value === undefined) return "—";
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  if (Math.abs(value) >= 1e6) return value.toLocaleString("en", { notation: "compact" });
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}
