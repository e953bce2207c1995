/** The search-box language as text: writing a term, adding it, taking it out, splitting into pills. */

const KEYWORDS = new Set(["AND", "OR", "NOT", "TO"]);
const BARE = /^[^\s()"\\*:[\]{}<>/-][^\s()"\\*:]*$/;

export function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** A value as a term's right side: bare where it can be, else quoted. */
export function writeValue(value: string): string {
  return BARE.test(value) && !KEYWORDS.has(value) ? value : quote(value);
}

/** A field's name; what the language reads as more than a name is escaped. */
export function writeField(field: string): string {
  return field.replace(/[^\p{L}\p{N}_.@/-]|^[-\d./]/gu, (found) => `\\${found}`);
}

export function writeTerm(field: string, value: string, { not = false } = {}): string {
  return `${not ? "-" : ""}${writeField(field)}:${writeValue(value)}`;
}

export interface Piece {
  /** As written. */
  text: string;
  start: number;
  end: number;
  kind: "term" | "operator" | "parenthesis";
}

const TERM =
  /-?(?:(?:\\.|[^\s()"\\:])*:)?(?:"(?:\\.|[^"\\])*"?|\/(?:\\.|[^/\\\n])+\/|[[{][^\]}]*[\]}]?|(?:\\.|[^\s()"\\])*)/suy;

/** Split a search into its words, operators and parentheses; never fails. */
export function split(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at] as string;
    if (/\s/.test(character)) {
      at += 1;
      continue;
    }
    if (character === "(" || character === ")") {
      pieces.push({ text: character, start: at, end: at + 1, kind: "parenthesis" });
      at += 1;
      continue;
    }
    TERM.lastIndex = at;
    const found = TERM.exec(text)?.[0] || character;
    const kind = found === "AND" || found === "OR" || found === "NOT" ? "operator" : "term";
    pieces.push({ text: found, start: at, end: at + found.length, kind });
    at += found.length;
  }
  return pieces;
}

/** The terms that can be shown and removed one by one: none where the search is more than a list. */
export function pillsOf(text: string): Piece[] {
  const pieces = split(text).filter((piece) => piece.text !== "AND");
  return pieces.some((piece) => piece.kind !== "term") ? [] : pieces;
}

/** Add a term; its opposite goes, and it is not added twice. */
export function addTerm(text: string, term: string): string {
  const opposite = term.startsWith("-") ? term.slice(1) : `-${term}`;
  const pieces = split(text);
  const simple = pieces.every((piece) => piece.kind === "term");
  if (!simple) {
    const grouped = pieces.some((piece) => piece.text === "OR") ? `(${text.trim()})` : text.trim();
    return pieces.some((piece) => piece.text === term) && grouped === text.trim()
      ? text
      : `${grouped} ${term}`;
  }
  const kept = pieces.map((piece) => piece.text).filter((item) => item !== opposite);
  if (!kept.includes(term)) kept.push(term);
  return kept.join(" ");
}

/** Take one piece out of the text. */
export function removePiece(text: string, piece: Piece): string {
  return `${text.slice(0, piece.start)}${text.slice(piece.end)}`.replace(/\s+/g, " ").trim();
}

/** Take every occurrence of a term out. */
export function removeTerm(text: string, term: string): string {
  const pieces = split(text);
  if (!pieces.every((piece) => piece.kind === "term")) {
    const found = pieces.find((piece) => piece.text === term);
    return found ? removePiece(text, found) : text;
  }
  return pieces
    .map((piece) => piece.text)
    .filter((item) => item !== term)
    .join(" ");
}
