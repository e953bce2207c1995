import { split } from "./terms";

export interface Part {
  text: string;
  kind: "plain" | "not" | "name" | "value" | "word" | "operator" | "parenthesis";
  start: number;
}

/** A search cut into parts to colour; the parts together are the text. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const add = (piece: string, kind: Part["kind"]) => {
    if (piece) parts.push({ text: piece, kind, start: at });
    at += piece.length;
  };
  for (const piece of split(text)) {
    add(text.slice(at, piece.start), "plain");
    if (piece.kind !== "term") {
      add(piece.text, piece.kind);
      continue;
    }
    const not = piece.text.startsWith("-") && piece.text.length > 1 ? 1 : 0;
    const name = /^(?:\\.|[^\s()"\\:])+:/su.exec(piece.text.slice(not))?.[0] ?? "";
    add(piece.text.slice(0, not), "not");
    add(name, "name");
    add(piece.text.slice(not + name.length), name ? "value" : "word");
  }
  add(text.slice(at), "plain");
  return parts;
}

/** Where an error is underlined: the word at its place, at least one character. */
export function errorSpan(text: string, position: number): { start: number; end: number } {
  const start = Math.min(position, text.length);
  const word = /^[^\s()]+/.exec(text.slice(start))?.[0].length ?? 0;
  return { start, end: start + Math.max(1, word) };
}

/** A text cut at the words of a search, for marking them; case does not matter. */
export function marked(text: string, terms: readonly string[]): { text: string; hit: boolean }[] {
  const words = terms.filter(Boolean).map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!words.length || text.length > 20_000) return [{ text, hit: false }];
  return text
    .split(new RegExp(`(${words.join("|")})`, "giu"))
    .map((part, index) => ({ text: part, hit: index % 2 === 1 }))
    .filter((part) => part.text);
}
