import { describe, expect, it } from "vitest";
import { addTerm, pillsOf, removePiece, removeTerm, split, writeTerm } from "@/search/terms";

describe("writing terms", () => {
  it.each([
    ["service", "checkout", "service:checkout"],
    ["service", "check out", 'service:"check out"'],
    ["path", 'a"b\\c', 'path:"a\\"b\\\\c"'],
    ["level", "NOT", 'level:"NOT"'],
    ["n", "-5", 'n:"-5"'],
    ["glob", "a*b", 'glob:"a*b"'],
    ["a b", "x", "a\\ b:x"],
    ["-x", "y", "\\-x:y"],
    ["http.route", "/users/{id}", 'http.route:"/users/{id}"'],
    ["empty", "", 'empty:""'],
  ])("%s = %s is %s", (field, value, term) => {
    expect(writeTerm(field, value)).toBe(term);
    expect(split(term)).toEqual([{ text: term, start: 0, end: term.length, kind: "term" }]);
  });
});

describe("splitting", () => {
  it("keeps quotes, ranges and regular expressions whole", () => {
    const text = 'a:"x y" b:[1 TO 5] c:/d e/ -f';
    expect(split(text).map((piece) => piece.text)).toEqual([
      'a:"x y"',
      "b:[1 TO 5]",
      "c:/d e/",
      "-f",
    ]);
  });

  it.each(['"', "a:", ":", "((", "\\", "a:[1", "AND AND", "é:ü 💥", "\u0000\u202e"])(
    "never fails: %j",
    (text) => {
      const pieces = split(text);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text.replace(/\s/g, ""));
    },
  );

  it("offers pills for lists of terms alone", () => {
    expect(pillsOf("a:1 b:2").map((piece) => piece.text)).toEqual(["a:1", "b:2"]);
    expect(pillsOf("a:1 OR b:2")).toEqual([]);
    expect(pillsOf("(a:1)")).toEqual([]);
  });
});

describe("changing a search", () => {
  it("adds a term once", () => {
    expect(addTerm("", "a:1")).toBe("a:1");
    expect(addTerm("b:2", "a:1")).toBe("b:2 a:1");
    expect(addTerm("b:2 a:1", "a:1")).toBe("b:2 a:1");
  });

  it("replaces the opposite", () => {
    expect(addTerm("-a:1 b:2", "a:1")).toBe("b:2 a:1");
    expect(addTerm("a:1", "-a:1")).toBe("-a:1");
  });

  it("keeps what an OR means", () => {
    expect(addTerm("a:1 OR b:2", "c:3")).toBe("(a:1 OR b:2) c:3");
  });

  it("takes terms out", () => {
    expect(removeTerm("a:1 b:2 a:1", "a:1")).toBe("b:2");
    const [first] = split("a:1 b:2");
    if (!first) throw new Error("no piece");
    expect(removePiece("a:1 b:2", first)).toBe("b:2");
  });
});
