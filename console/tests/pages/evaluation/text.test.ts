import { describe, expect, it } from "vitest";
import { asText, shownTags } from "@/pages/evaluation/text";

describe("values of evaluation records", () => {
  it("are read a member a line, and texts without quotes", () => {
    expect(asText({ question: "why?", context: { plan: 3 }, count: 0, none: null })).toBe(
      'question: why?\ncontext: {"plan":3}\ncount: 0\nnone: ',
    );
    expect(asText("plain")).toBe("plain");
    expect(asText(["a", 1])).toBe('["a",1]');
    expect(asText(false)).toBe("false");
    expect(asText(undefined)).toBe("");
  });

  it("have the tags that people set, without the client's", () => {
    expect(shownTags({ topic: "billing", "mlflow.user": "ann", level: 2 })).toBe(
      "topic: billing, level: 2",
    );
  });
});
