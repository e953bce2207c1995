import { Button, Group, Select, Textarea } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { download, saveAs } from "@/api/download";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { formatAgo } from "@/time/format";
import { integer } from "@/url/params";
import { useUrlState } from "@/url/state";
import { CardFacts } from "./CardFacts";
import classes from "./registry.module.css";

type CardView = components["schemas"]["CardView"];

const PATH = "/api/v1/models/{name}/versions/{version}/card";
const PARAMS = { revision: integer(0, 0, 1_000_000) };
const SECTIONS = [
  ["overview", "Overview"],
  ["intended_use", "Intended use"],
  ["out_of_scope", "Out of scope"],
  ["training_data", "Training data"],
  ["evaluation", "Evaluation"],
  ["limitations", "Limitations"],
  ["ethical_considerations", "Ethical considerations"],
  ["recommendations", "Recommendations"],
  ["owners", "Owners"],
] as const;
const STATUSES = ["draft", "pending_review", "approved", "archived"];
const RISKS = ["unknown", "low", "medium", "high"];

/** A version's model card: read, written, its revisions, and taken along as HTML, JSON or paper. */
export function Card({ name, version }: { name: string; version: number }) {
  const [url, setUrl] = useUrlState(PARAMS);
  const [editing, setEditing] = useState(false);
  const { can } = useSession();
  const path = { name, version };
  const query = useGet(PATH, {
    params: { path, query: { revision: url.revision || null } },
  }) as ReturnType<typeof useGet<typeof PATH, CardView>>;
  const revisions = useGet("/api/v1/models/{name}/versions/{version}/card/revisions", {
    params: { path },
  });
  const at = `/api/v1/models/${encodeURIComponent(name)}/versions/${version}/card`;
  const html = () =>
    download(at, { format: "html" }, `${name}-v${version}.html`).catch((error) =>
      notifyError("The card was not saved", error),
    );
  const print = async () => {
    try {
      const text = await unwrap(
        client.GET(PATH, {
          params: { path, query: { format: "html" } },
          parseAs: "text",
        }),
      );
      printPage(String(text));
    } catch (error) {
      notifyError("The card was not printed", error);
    }
  };
  return (
    <QueryState query={query} height={300}>
      {(card) => (
        <div className={classes.columns}>
          <div className={classes.stack}>
            {editing ? (
              <Editor
                card={card}
                onDone={() => {
                  setEditing(false);
                  setUrl({ revision: 0 });
                }}
              />
            ) : (
              SECTIONS.filter(([key]) => card.content[key]).map(([key, title]) => (
                <Panel key={key} title={title}>
                  <p className={`${classes.pad} ${classes.text}`}>{card.content[key]}</p>
                </Panel>
              ))
            )}
            {!editing && Object.keys(card.content).length === 0 && (
              <Panel title="Nobody has written anything yet">
                <p className={classes.pad}>
                  What is known is below. Write what only people know: what the model is for and
                  where it fails.
                </p>
              </Panel>
            )}
            {!editing && <CardFacts facts={card.facts} />}
          </div>
          <div className={classes.stack}>
            <Panel title="The card">
              <div className={classes.pad}>
                <p>
                  {card.status.replaceAll("_", " ")}, risk {card.risk}
                  {card.revision > 0 && `, revision ${card.revision} by ${card.author}`}
                </p>
                <Group gap={6}>
                  {can("catalog:write") && !editing && (
                    <Button onClick={() => setEditing(true)}>Edit the card</Button>
                  )}
                  <Button variant="default" onClick={() => void html()}>
                    HTML
                  </Button>
                  <Button
                    variant="default"
                    onClick={() =>
                      saveAs(
                        new Blob([JSON.stringify(card, null, 2)], { type: "application/json" }),
                        `${name}-v${version}.json`,
                      )
                    }
                  >
                    JSON
                  </Button>
                  <Button variant="default" onClick={() => void print()}>
                    Print or PDF
                  </Button>
                </Group>
              </div>
            </Panel>
            <Panel title="Revisions">
              <QueryState query={revisions}>
                {(data) => (
                  <ul className={classes.list}>
                    {data.revisions.map((one) => (
                      <li key={one.revision}>
                        <Button
                          size="compact-xs"
                          variant={one.revision === card.revision ? "filled" : "default"}
                          onClick={() => setUrl({ revision: one.revision })}
                        >
                          {one.revision}
                        </Button>{" "}
                        {one.author}, {one.status.replaceAll("_", " ")}{" "}
                        <span className="dimmed">
                          {formatAgo(Date.parse(one.created), Date.now())}
                        </span>
                      </li>
                    ))}
                    {data.revisions.length === 0 && <li>There is none yet.</li>}
                  </ul>
                )}
              </QueryState>
            </Panel>
          </div>
        </div>
      )}
    </QueryState>
  );
}

function Editor({ card, onDone }: { card: CardView; onDone: () => void }) {
  const [content, setContent] = useState<Record<string, string>>({ ...card.content });
  const [status, setStatus] = useState(card.status);
  const [risk, setRisk] = useState(card.risk);
  const save = useChange(
    () =>
      unwrap(
        client.PUT(PATH, {
          params: { path: { name: card.model, version: card.version } },
          body: { content, status, risk, base_revision: card.revision },
        }),
      ),
    ["/api/v1/models"],
  );
  return (
    <Panel title="Write the card">
      <div className={classes.pad}>
        <Group grow>
          <Select
            label="Status"
            data={STATUSES}
            value={status}
            onChange={(next) => setStatus(next ?? "draft")}
            allowDeselect={false}
          />
          <Select
            label="Risk"
            data={RISKS}
            value={risk}
            onChange={(next) => setRisk(next ?? "unknown")}
            allowDeselect={false}
          />
        </Group>
        {SECTIONS.map(([key, title]) => (
          <Textarea
            key={key}
            label={title}
            autosize
            minRows={2}
            maxLength={20_000}
            value={content[key] ?? ""}
            onChange={(event) => setContent({ ...content, [key]: event.currentTarget.value })}
          />
        ))}
        {save.error && <ErrorPanel error={save.error} />}
        <Group mt="sm">
          <Button
            loading={save.isPending}
            onClick={() =>
              save.mutate(undefined, {
                onSuccess: () => {
                  notifyDone("The card is written");
                  onDone();
                },
              })
            }
          >
            Save as a new revision
          </Button>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
        </Group>
      </div>
    </Panel>
  );
}

/** Hand a page to the browser's printing, which can make a PDF of it; no script of it runs. */
function printPage(html: string): void {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-same-origin allow-modals");
  frame.setAttribute("aria-hidden", "true");
  frame.style.cssText = "position:fixed;width:0;height:0;border:0";
  frame.srcdoc = html;
  frame.onload = () => {
    frame.contentWindow?.print();
    setTimeout(() => frame.remove(), 60_000);
  };
  document.body.append(frame);
}
