import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { client, unwrap } from "@/api/client";
import { ApiError } from "@/api/errors";
import { builtInFields, toUnits } from "@/search/fields";
import { errorSpan } from "@/search/highlight";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./PipeEditor.module.css";
import { pipeCompletion, pipeLanguage } from "./pipe";

interface Props {
  value: string;
  onChange: (text: string) => void;
  /** Ctrl-Enter. */
  onRun: (text: string) => void;
  /** What the server said of this text; its place is underlined. */
  error: unknown;
  label: string;
}

const style = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--v-link)", fontWeight: "600" },
  { tag: tags.string, color: "var(--v-good)" },
  { tag: tags.regexp, color: "var(--v-warning)" },
  { tag: tags.number, color: "var(--v-warning)" },
  { tag: tags.comment, color: "var(--v-dimmed)", fontStyle: "italic" },
  { tag: tags.separator, color: "var(--v-critical)", fontWeight: "600" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--v-surface)", color: "var(--v-text)", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--v-mono)", caretColor: "var(--v-text)", padding: "8px 2px" },
  ".cm-cursor": { borderLeftColor: "var(--v-text)" },
  ".cm-placeholder": { color: "var(--v-dimmed)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    {
      backgroundColor: "color-mix(in srgb, var(--v-link) 28%, transparent)",
    },
  ".cm-tooltip": {
    backgroundColor: "var(--v-raised)",
    border: "1px solid var(--v-border)",
    borderRadius: "6px",
    color: "var(--v-text)",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--v-selected)",
    color: "var(--v-text)",
  },
  ".cm-scroller": { maxHeight: "220px", overflow: "auto" },
});

/** The editor of the pipe language. Loaded only where a query is written. */
export function PipeEditor({ value, onChange, onRun, error, label }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const { query } = useTimeRange();
  const latest = useRef({ onChange, onRun, range: query });
  latest.current = { onChange, onRun, range: query };
  const initial = useRef(value);

  useEffect(() => {
    if (!host.current) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: initial.current,
        extensions: [
          Prec.highest(
            keymap.of([
              {
                key: "Mod-Enter",
                run: ({ state }) => {
                  latest.current.onRun(state.doc.toString());
                  return true;
                },
              },
            ]),
          ),
          history(),
          bracketMatching(),
          closeBrackets(),
          pipeLanguage,
          syntaxHighlighting(style),
          autocompletion({
            override: [pipeCompletion((prefix) => fieldNames(prefix, latest.current.range))],
            icons: false,
          }),
          keymap.of([
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label }),
          placeholder("filter level = 'error' | stats count(*) as errors by service, bin(5m)"),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
          look,
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [label]);

  useEffect(() => {
    const editor = view.current;
    const shown = editor?.state.doc.toString();
    if (editor && shown !== value) {
      editor.dispatch({ changes: { from: 0, to: shown?.length ?? 0, insert: value } });
    }
  }, [value]);

  const wrong = error instanceof ApiError && error.position !== null ? error : null;
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const text = editor.state.doc.toString();
    const found: Diagnostic[] = [];
    if (wrong) {
      const { start, end } = errorSpan(text, toUnits(text, wrong.position ?? 0));
      // At the end of the text there is nothing to underline but what stands before.
      const from = Math.min(start, Math.max(0, text.length - 1));
      const to = Math.min(Math.max(end, from + 1), text.length);
      found.push({ from, to, severity: "error", message: wrong.message });
    }
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [wrong]);

  return (
    <div>
      <div ref={host} className={classes.editor} data-wrong={wrong ? true : undefined} />
      {wrong && (
        <Text size="xs" c="var(--v-critical)" role="alert" mt={4}>
          {wrong.message}
          {wrong.remedy ? `: ${wrong.remedy}` : ""}
        </Text>
      )}
    </div>
  );
}

async function fieldNames(
  prefix: string,
  range: { start: string; end: string },
): Promise<readonly string[]> {
  const own = builtInFields("logs").map(({ name }) => name);
  const { keys } = await unwrap(
    client.GET("/api/v1/logs/keys", {
      params: { query: { prefix: prefix.replace(/^@/, ""), ...range } },
    }),
  );
  return [...new Set([...own, ...keys.map(({ key }) => key)])];
}
