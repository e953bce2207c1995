import { apiUrl, type Query } from "./base";
import { authHeaders, noteStatus } from "./client";
import { errorOf } from "./errors";

/**
 * Save an answer of the API as a file. It is fetched rather than linked to, so that it comes from
 * the account that is shown, and an error is told instead of being saved.
 */
export async function download(
  path: string,
  query: Record<string, Query>,
  name: string,
): Promise<void> {
  const url = apiUrl(path, query);
  const answer = await fetch(url, { headers: authHeaders("GET") });
  noteStatus(answer.status, answer.url);
  if (!answer.ok) throw errorOf(answer.status, await answer.json().catch(() => undefined));
  saveAs(await answer.blob(), name);
}

/** Show a page that the API makes in a new tab; as `download`, it comes from the shown account. */
export async function openPage(path: string, query: Record<string, Query>): Promise<void> {
  // Opened at once: a browser blocks what opens after an answer.
  const tab = window.open("about:blank", "_blank");
  const answer = await fetch(apiUrl(path, query), { headers: authHeaders("GET") });
  noteStatus(answer.status, answer.url);
  if (!answer.ok) {
    tab?.close();
    throw errorOf(answer.status, await answer.json().catch(() => undefined));
  }
  const address = URL.createObjectURL(await answer.blob());
  if (tab) tab.location.href = address;
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Hand a file to the browser's downloads. */
export function saveAs(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
