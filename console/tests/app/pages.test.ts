import { describe, expect, it } from "vitest";
import { PAGES } from "@/app/pages";

describe("pages", () => {
  it("have keys and paths of their own", () => {
    const keys = PAGES.flatMap((page) => page.shortcut ?? []);
    expect(keys.filter((key, place) => keys.indexOf(key) !== place)).toEqual([]);
    const paths = PAGES.map((page) => page.path);
    expect(paths.filter((path, place) => paths.indexOf(path) !== place)).toEqual([]);
  });
});
