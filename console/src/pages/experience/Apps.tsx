import { BASE } from "@/api/base";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Confirm } from "@/components/Confirm";
import { DefinitionDelete, DefinitionEditor } from "@/components/DefinitionEditor";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, QueryState, Snippet } from "@/components/QueryState";
import classes from "@/components/Standing.module.css";

const NEW_APP = { service: "shop-web", origins: ["https://shop.example"], per_minute: 3000 };

export default function Apps() {
  const apps = useGet("/api/v1/browser-apps", { params: { query: { limit: 500 } } });
  return (
    <>
      <div className={classes.tools} style={{ paddingInline: 0 }}>
        <DefinitionEditor what="app" kind="BrowserApp" path="/api/v1/browser-apps" spec={NEW_APP} />
      </div>
      <QueryState
        query={apps}
        isEmpty={(data) => data.apps.length === 0}
        empty={
          <Empty title="There is no browser app yet">
            An app names the origins of its pages and gets a public key. The key can send telemetry
            from those origins, and nothing else.
          </Empty>
        }
        height={200}
      >
        {(data) => (
          <div className={classes.stack} style={{ paddingInline: 0 }}>
            {data.apps.map((app) => (
              <Panel
                key={app.id}
                title={app.name}
                aside={
                  <span className={classes.tools} style={{ padding: 0 }}>
                    <Rotate name={app.name} />
                    <DefinitionEditor
                      what="app"
                      kind="BrowserApp"
                      path="/api/v1/browser-apps"
                      name={app.name}
                      spec={app.spec}
                      labels={app.labels}
                    />
                    <DefinitionDelete
                      what="app"
                      path="/api/v1/browser-apps"
                      name={app.name}
                      question="Its pages can send no more; what they sent stays."
                      onDone={() => undefined}
                    />
                  </span>
                }
              >
                <div className={classes.text}>
                  <div>
                    Pages of {app.spec.origins.join(", ")} send as {app.spec.service}; put this into
                    their head:
                  </div>
                  <Snippet
                    text={`<script src="${location.origin}${BASE}/rum/vedette.js" data-key="${app.key}" data-version="1.0" defer></script>`}
                  />
                </div>
              </Panel>
            ))}
          </div>
        )}
      </QueryState>
    </>
  );
}

function Rotate({ name }: { name: string }) {
  const rotate = useChange(
    () => unwrap(client.POST("/api/v1/browser-apps/{name}/key", { params: { path: { name } } })),
    ["/api/v1/browser-apps"],
  );
  return (
    <Confirm
      label="New key"
      question="The old key is void at once: pages that have it send no more."
      confirm="Make a new key"
      busy={rotate.isPending}
      onConfirm={() =>
        rotate.mutate(undefined, {
          onSuccess: () => notifyDone(`${name} has a new key`),
          onError: (error) => notifyError("The key was not changed", error),
        })
      }
    />
  );
}
