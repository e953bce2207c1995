import { Anchor, Button, Group, Table, Text } from "@mantine/core";
import { IconFile, IconFolder, IconFolderOpen } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { apiUrl } from "@/api/base";
import { authHeaders } from "@/api/client";
import { download } from "@/api/download";
import { asApiError } from "@/api/errors";
import { useAsk, useGet } from "@/api/query";
import { formatBytes } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import classes from "./training.module.css";

export type Owner = "run" | "logged_model";

interface Of {
  owner: Owner;
  id: string;
}

interface Props extends Of {
  path: string;
  onPath: (path: string) => void;
}

/** The files of a run or model: folders that open, and the chosen file as far as a page shows it. */
export function Artifacts({ owner, id, path, onPath }: Props) {
  return (
    <div className={classes.files}>
      <Panel title="Files">
        <Folder owner={owner} id={id} folder="" path={path} onPath={onPath} depth={0} />
      </Panel>
      {path ? (
        <FilePanel owner={owner} id={id} path={path} />
      ) : (
        <Panel title="No file is chosen">
          <Empty title="Choose a file to see it" />
        </Panel>
      )}
    </div>
  );
}

interface FolderProps extends Props {
  folder: string;
  depth: number;
}

function Folder(props: FolderProps) {
  const { owner, id, folder, path, onPath, depth } = props;
  const query = useGet("/api/v1/artifacts", { params: { query: { owner, id, path: folder } } });
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const isOpen = (at: string) => opened.has(at) || path.startsWith(`${at}/`);
  return (
    <QueryState
      query={query}
      height={40}
      isEmpty={(data) => data.files.length === 0}
      empty={
        depth === 0 && (
          <Empty title="There are no files" snippet={'mlflow.log_artifact("report.html")'} />
        )
      }
    >
      {(data) => (
        <ul className={classes.tree} style={depth ? { maxHeight: "none", paddingBottom: 0 } : {}}>
          {data.files.map((file) => {
            const at = folder ? `${folder}/${file.name}` : file.name;
            if (!file.is_dir) {
              return (
                <li key={at}>
                  <button
                    type="button"
                    aria-current={at === path || undefined}
                    onClick={() => onPath(at)}
                  >
                    <IconFile size={14} aria-hidden />
                    <span>{file.name}</span>
                    <span className="dimmed">{formatBytes(file.size)}</span>
                  </button>
                </li>
              );
            }
            const Icon = isOpen(at) ? IconFolderOpen : IconFolder;
            return (
              <li key={at}>
                <button
                  type="button"
                  aria-expanded={isOpen(at)}
                  onClick={() => {
                    const next = new Set(opened);
                    if (!next.delete(at)) next.add(at);
                    setOpened(next);
                  }}
                >
                  <Icon size={14} aria-hidden />
                  <span>{file.name}</span>
                </button>
                {isOpen(at) && <Folder {...props} folder={at} depth={depth + 1} />}
              </li>
            );
          })}
        </ul>
      )}
    </QueryState>
  );
}

function FilePanel({ owner, id, path }: Of & { path: string }) {
  const save = () =>
    download(
      "/api/v1/artifacts/content",
      { owner, id, path },
      path.split("/").pop() ?? "file",
    ).catch((error) => notifyError("The file was not saved", error));
  return (
    <Panel
      title={path}
      aside={
        <Button size="compact-xs" variant="default" onClick={() => void save()}>
          Download
        </Button>
      }
    >
      <FilePreview owner={owner} id={id} path={path} />
    </Panel>
  );
}

/** A file as far as a page can show it. */
export function FilePreview({ owner, id, path }: Of & { path: string }) {
  const query = useGet("/api/v1/artifacts/preview", { params: { query: { owner, id, path } } });
  // A run or model need not have the file that its page opens with.
  if (query.error && asApiError(query.error).status === 404) {
    return <Empty title={`There is no file ${path}`} />;
  }
  return (
    <QueryState query={query} height={200}>
      {(file) => (
        <div
          className={classes.preview}
          tabIndex={0}
          role="region"
          aria-label={`Content of ${path}`}
        >
          {file.truncated && (
            <div className={classes.pad}>
              <Partial>
                Only the beginning is shown; the whole file has {formatBytes(file.size)}.
              </Partial>
            </div>
          )}
          {file.kind === "image" && <Picture owner={owner} id={id} path={path} />}
          {file.kind === "html" && <Sandboxed html={file.text} title={path} />}
          {(file.kind === "text" || file.kind === "json") && <pre>{file.text}</pre>}
          {file.kind === "table" && (
            <Listing wrap stickyHeader columns={[...file.columns.map((name) => name)]}>
              {file.rows.map((row, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
                <Table.Tr key={place}>
                  {row.map((value, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: as the head
                    <Table.Td key={index}>{value}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Listing>
          )}
          {file.kind === "binary" && (
            <Empty title={`${formatBytes(file.size)} that are no text`}>
              Download the file to open it.
            </Empty>
          )}
        </div>
      )}
    </QueryState>
  );
}

/** A picture, fetched with the account that is shown. */
export function Picture({ owner, id, path }: Of & { path: string }) {
  const query = useAsk(["/api/v1/artifacts/content", { owner, id, path }], async (signal) => {
    const url = apiUrl("/api/v1/artifacts/content", { owner, id, path });
    const answer = await fetch(url, { headers: authHeaders("GET"), signal });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    return new Blob([bytes], { type: typeOf(path) });
  });
  const [url, setUrl] = useState("");
  useEffect(() => {
    if (!query.data) return;
    const made = URL.createObjectURL(query.data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [query.data]);
  return (
    <QueryState query={query} height={160}>
      {() => (url ? <img src={url} alt={path} /> : null)}
    </QueryState>
  );
}

const typeOf = (path: string): string => {
  const ending = path.split(".").pop()?.toLowerCase() ?? "";
  return ending === "svg" ? "image/svg+xml" : `image/${ending === "jpg" ? "jpeg" : ending}`;
};

/** A page that somebody uploaded: no script runs, and it reaches nothing. */
function Sandboxed({ html, title }: { html: string; title: string }) {
  return (
    <>
      <Group px="sm" pb="xs">
        <Text size="xs" c="dimmed">
          Shown without its scripts; download the file to open it whole.
        </Text>
      </Group>
      <iframe title={title} sandbox="" srcDoc={html} />
    </>
  );
}

/** A file of every run that has it, side by side. */
export function SameFile({
  runs,
  path,
}: {
  runs: readonly { id: string; label: string }[];
  path: string;
}) {
  return (
    <div className={classes.images}>
      {runs.map((run) => (
        <Panel
          key={run.id}
          title={run.label}
          aside={
            <Anchor size="xs" href={apiUrl(`/runs/${run.id}`, { tab: "artifacts", file: path })}>
              {path}
            </Anchor>
          }
        >
          <FilePreview owner="run" id={run.id} path={path} />
        </Panel>
      ))}
    </div>
  );
}
