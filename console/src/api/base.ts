/**
 * Where the console is served: the server writes its prefix into `<base href>`, so that one build
 * works at the root and behind a proxy.
 */
export const BASE = new URL(".", document.baseURI).pathname.replace(/\/$/, "");

/** The absolute address of a path of the API, for links and downloads. */
export function apiUrl(path: string, query: Record<string, Query> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) search.append(name, String(item));
  }
  const text = search.toString();
  return `${BASE}${path}${text ? `?${text}` : ""}`;
}

type Scalar = string | number | boolean;
export type Query = Scalar | readonly Scalar[] | null | undefined;
