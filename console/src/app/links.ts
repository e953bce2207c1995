import { notifyDone, notifyError } from "@/components/notify";
import { parseSearch, type RawSearch } from "@/url/search";

/** Parameters that go along from page to page: the time context and the account. */
const KEPT = ["from", "to", "live", "tz", "account"] as const;

/** The search of a link to another page: its own parameters, with the range that is shown now. */
export function keepTime(own: RawSearch = {}): RawSearch {
  const now = parseSearch(location.search);
  const kept: RawSearch = {};
  for (const name of KEPT) {
    const value = now[name];
    if (value !== undefined) kept[name] = value;
  }
  return { ...kept, ...own };
}

/** The address with the range as absolute times: whoever opens it sees the same data. */
export function absoluteLink(query: { start: string; end: string }): string {
  const address = new URL(location.href);
  address.searchParams.set("from", query.start);
  address.searchParams.set("to", query.end);
  address.searchParams.delete("live");
  address.hash = "";
  return address.href;
}

export async function copyLink(query: { start: string; end: string }): Promise<void> {
  try {
    await navigator.clipboard.writeText(absoluteLink(query));
    notifyDone("The link is in the clipboard");
  } catch (error) {
    notifyError("The browser gives no access to the clipboard", error);
  }
}
