import { expect, it } from "vitest";
import { takeLinkToken } from "@/session/link";

it("takes the token out of the address", () => {
  history.replaceState(null, "", "/logs?q=a#sign-in=abc-_123");
  expect(takeLinkToken()).toBe("abc-_123");
  expect(location.hash).toBe("");
  expect(location.search).toBe("?q=a");
  expect(takeLinkToken()).toBeNull();
});

it("a broken token goes as well", () => {
  history.replaceState(null, "", "/#sign-in=<b>");
  expect(takeLinkToken()).toBeNull();
  expect(location.hash).toBe("");
});
