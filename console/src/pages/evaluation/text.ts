/** Tags that people set; those of the client itself are left out. */
export function shownTags(tags: Readonly<Record<string, unknown>>): string {
  return Object.entries(tags)
    .filter(([key]) => !key.startsWith("mlflow."))
    .map(([key, value]) => `${key}: ${asText(value)}`)
    .join(", ");
}

/** A value of JSON as people read it: members of an object a line each, texts without quotes. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
  return Object.entries(value)
    .map(([key, member]) => {
      const nested = typeof member === "object" && member !== null;
      return `${key}: ${nested ? JSON.stringify(member) : asText(member)}`;
    })
    .join("\n");
}
