import createClient, { type MaybeOptionalInit } from "openapi-fetch";
import type { PathsWithMethod } from "openapi-typescript-helpers";
import { BASE } from "./base";
import { errorOf } from "./errors";
import type { paths } from "./schema";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** What goes with every request; the session sets it. */
export const credentials: { csrfToken: string | null; account: string | null } = {
  csrfToken: null,
  account: null,
};

type Listener = () => void;
const ended = new Set<Listener>();

/** Call back when the server no longer knows the session; returns how to stop listening. */
export function onSessionEnded(listener: Listener): () => void {
  ended.add(listener);
  return () => ended.delete(listener);
}

export const client = createClient<paths>({
  baseUrl: BASE,
  // Looked up at each call, so that tests can replace it.
  fetch: (request) => globalThis.fetch(request),
});

/** Headers that say who calls; for requests that do not go through the client. */
export function authHeaders(method: string): Record<string, string> {
  const headers: Record<string, string> = {};
  if (credentials.account) headers["X-Vedette-Account"] = credentials.account;
  if (!SAFE.has(method) && credentials.csrfToken) headers["X-CSRF-Token"] = credentials.csrfToken;
  return headers;
}

export function noteStatus(status: number, url: string): void {
  // A refused sign-in is its form's own matter.
  if (status === 401 && !new URL(url, location.href).pathname.endsWith("/api/v1/session")) {
    for (const listener of ended) listener();
  }
}

client.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authHeaders(request.method))) {
      request.headers.set(name, value);
    }
    return request;
  },
  onResponse({ request, response }) {
    noteStatus(response.status, request.url);
  },
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** Return an answer's data, or throw its `ApiError`. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw errorOf(response.status, error);
  return data as T;
}

export type GetPath = PathsWithMethod<paths, "get">;
export type GetInit<P extends GetPath> = MaybeOptionalInit<paths[P], "get">;
export type GetData<P extends GetPath> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer T } } } };
}
  ? T
  : unknown;
