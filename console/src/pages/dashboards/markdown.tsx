import type { ReactNode } from "react";

/**
 * A little Markdown: headings, lists, code, quotes, rules, bold, italic, links. Everything becomes
 * text in elements of our own; what looks like HTML stays text.
 */
export function Markdown({ text }: { text: string }) {
  return <>{blocks(text.replace(/\r\n?/g, "\n"))}</>;
}

function blocks(text: string): ReactNode[] {
  const lines = text.split("\n");
  const out: ReactNode[] = [];
  let at = 0;
  const while_ = (test: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && test(lines[at] as string)) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] as string;
    const key = `b${at}`;
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (!line.trim()) at += 1;
    else if (line.startsWith("```")) {
      at += 1;
      const code = while_((one) => !one.startsWith("```"));
      at += 1;
      out.push(
        <pre key={key}>
          <code>{code.join("\n")}</code>
        </pre>,
      );
    } else if (heading) {
      at += 1;
      // The page has h1, its panels h2.
      const Tag = `h${Math.min(6, (heading[1]?.length ?? 1) + 2)}` as "h3";
      out.push(<Tag key={key}>{inline(heading[2] ?? "")}</Tag>);
    } else if (/^(-{3,}|\*{3,}|_{3,})\s*$/.test(line)) {
      at += 1;
      out.push(<hr key={key} />);
    } else if (/^\s*[-*+]\s+/.test(line)) {
      out.push(<ul key={key}>{items(while_((one) => /^\s*[-*+]\s+/.test(one)))}</ul>);
    } else if (/^\s*\d+[.)]\s+/.test(line)) {
      out.push(<ol key={key}>{items(while_((one) => /^\s*\d+[.)]\s+/.test(one)))}</ol>);
    } else if (line.startsWith(">")) {
      const quoted = while_((one) => one.startsWith(">")).map((one) => one.replace(/^>\s?/, ""));
      out.push(<blockquote key={key}>{inline(quoted.join(" "))}</blockquote>);
    } else {
      const start = at;
      at += 1;
      while_((one) => one.trim() !== "" && !/^(#{1,6}\s|```|>|\s*[-*+]\s|\s*\d+[.)]\s)/.test(one));
      out.push(<p key={key}>{inline(lines.slice(start, at).join("\n"))}</p>);
    }
  }
  return out;
}

function items(lines: readonly string[]): ReactNode[] {
  return lines.map((line, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
    <li key={at}>{inline(line.replace(/^\s*([-*+]|\d+[.)])\s+/, ""))}</li>
  ));
}

const INLINE =
  /(`+)(.+?)\1|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*?)\*|\[([^\]]{1,500})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"')\]]+)/s;

function inline(text: string, depth = 0): ReactNode[] {
  const out: ReactNode[] = [];
  let rest = text;
  while (rest && depth < 6) {
    const found = INLINE.exec(rest);
    if (!found) break;
    if (found.index) out.push(rest.slice(0, found.index));
    const [whole, , code, bold, strong, italic, label, target, plain] = found;
    const key = `${depth}.${out.length}`;
    if (code !== undefined) out.push(<code key={key}>{code}</code>);
    else if (bold ?? strong) {
      out.push(<strong key={key}>{inline((bold ?? strong) as string, depth + 1)}</strong>);
    } else if (italic) out.push(<em key={key}>{inline(italic, depth + 1)}</em>);
    else out.push(link(key, label ?? plain ?? "", target ?? plain ?? ""));
    rest = rest.slice(found.index + whole.length);
  }
  if (rest) out.push(rest);
  return out;
}

/** A link where its target is one of the web or of this console; else its text. */
export function safeTarget(target: string): string | null {
  if (/^https?:\/\//i.test(target)) return target;
  return /^(\/(?![/\\])|#|\?)[^\\]*$/.test(target) ? target : null;
}

function link(key: string, label: string, target: string): ReactNode {
  const safe = safeTarget(target);
  if (safe === null) return `[${label}](${target})`;
  const outside = /^https?:/i.test(safe);
  return (
    <a key={key} href={safe} rel="noopener noreferrer" target={outside ? "_blank" : undefined}>
      {label}
    </a>
  );
}
