import {
  type CompletionContext,
  type CompletionResult,
  snippetCompletion,
} from "@codemirror/autocomplete";
import { StreamLanguage } from "@codemirror/language";

const COMMANDS = [
  "source",
  "search",
  "fields",
  "display",
  "filter",
  "parse",
  "stats",
  "sort",
  "limit",
  "dedup",
  "pattern",
  "diff",
  "anomaly",
  "unnest",
];
const WORDS = ["and", "or", "not", "in", "like", "by", "as", "asc", "desc", "into"];
const AGGREGATES = [
  "count",
  "count_distinct",
  "sum",
  "avg",
  "min",
  "max",
  "stddev",
  "median",
  "pct",
  "earliest",
  "latest",
  "sortsFirst",
  "sortsLast",
];
const FUNCTIONS = [
  "abs",
  "ceil",
  "floor",
  "round",
  "sqrt",
  "log",
  "greatest",
  "least",
  "strlen",
  "toupper",
  "tolower",
  "concat",
  "substr",
  "replace",
  "trim",
  "ltrim",
  "rtrim",
  "strcontains",
  "isempty",
  "isblank",
  "ispresent",
  "coalesce",
  "if",
  "case",
  "fromMillis",
  "toMillis",
  "bin",
  "datefloor",
  "dateceil",
];
const keywords = new Set([...COMMANDS, ...WORDS]);
const functions = new Set([...AGGREGATES, ...FUNCTIONS]);

/** Colours of the pipe language; what it means is the server's matter. */
export const pipeLanguage = StreamLanguage.define<null>({
  name: "pipe",
  startState: () => null,
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return "comment";
    if (stream.match(/^"(?:\\.|[^"\\])*"?|^'(?:\\.|[^'\\])*'?/)) return "string";
    if (stream.match(/^\/(?:\\.|[^/\\\n])+\/i?/)) return "regexp";
    if (stream.match(/^`[^`]*`?/)) return "propertyName";
    if (stream.match(/^\d+(?:\.\d+)?(?:ms|mo|[smhdwqy])?/)) return "number";
    if (stream.match("|")) return "separator";
    const word = stream.match(/^@?[\p{L}_][\p{L}\p{N}_.]*/u) as RegExpMatchArray | null;
    if (word) {
      const name = word[0];
      if (keywords.has(name.toLowerCase())) return "keyword";
      return functions.has(name) && stream.match(/^\s*\(/, false) ? "function" : "propertyName";
    }
    stream.next();
    return "operator";
  },
  languageData: {
    commentTokens: { line: "#" },
    closeBrackets: { brackets: ["(", "[", '"', "'", "`"] },
  },
});

const call = (name: string) =>
  snippetCompletion(`${name}(\${})`, { label: name, type: "function" });

/** Commands after a pipe, else fields and functions. */
export function pipeCompletion(fields: (prefix: string) => Promise<readonly string[]>) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const word = context.matchBefore(/@?[\w.]*/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const before = context.state.sliceDoc(0, word.from).trimEnd();
    if (before === "" || before.endsWith("|")) {
      return { from: word.from, options: COMMANDS.map((label) => ({ label, type: "keyword" })) };
    }
    const names = await fields(word.text).catch(() => []);
    const command = /(?:^|\|)\s*(\w+)[^|]*$/.exec(before)?.[1]?.toLowerCase();
    const offered = command === "stats" ? [...AGGREGATES, "bin"] : FUNCTIONS;
    return {
      from: word.from,
      options: [
        ...names.map((label) => ({
          label,
          type: "property",
          apply: /^@?[A-Za-z_][\w.]*$/.test(label) ? label : `\`${label}\``,
        })),
        ...offered.map(call),
        ...WORDS.map((label) => ({ label, type: "keyword" })),
      ],
    };
  };
}
