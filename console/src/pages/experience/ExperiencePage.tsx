import { Select, Tabs } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useGet } from "@/api/query";
import { PageHeader } from "@/components/PageHeader";
import classes from "@/components/Standing.module.css";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Vitals } from "./Vitals";

const Errors = lazy(() => import("./BrowserErrors"));
const Sessions = lazy(() => import("./Sessions"));
const Reach = lazy(() => import("./Reach"));
const Apps = lazy(() => import("./Apps"));

const TABS = ["vitals", "errors", "sessions", "reach", "apps"] as const;
export const PARAMS = {
  tab: oneOf(TABS, "vitals"),
  service: text(),
  session: text(),
  affected: text(),
  version: text(),
};

export default function ExperiencePage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const apps = useGet("/api/v1/browser-apps", { params: { query: { limit: 500 } } });
  const services = [...new Set((apps.data?.apps ?? []).map((app) => app.spec.service))];
  return (
    <>
      <PageHeader title="User experience" />
      <div className={classes.tools}>
        <Select
          aria-label="App"
          placeholder="All apps"
          size="xs"
          clearable
          data={services}
          value={url.service || null}
          onChange={(service) => setUrl({ service: service ?? "" })}
        />
      </div>
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: (tab ?? "vitals") as (typeof TABS)[number] })}
        keepMounted={false}
        px={14}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="vitals">Web vitals</Tabs.Tab>
          <Tabs.Tab value="errors">JavaScript errors</Tabs.Tab>
          <Tabs.Tab value="sessions">Sessions</Tabs.Tab>
          <Tabs.Tab value="reach">Affected users</Tabs.Tab>
          <Tabs.Tab value="apps">Apps and keys</Tabs.Tab>
        </Tabs.List>
        <Suspense>
          <Tabs.Panel value="vitals">
            <Vitals service={url.service} />
          </Tabs.Panel>
          <Tabs.Panel value="errors">
            <Errors
              service={url.service}
              onSession={(session) => setUrl({ tab: "sessions", session })}
            />
          </Tabs.Panel>
          <Tabs.Panel value="sessions">
            <Sessions
              service={url.service}
              session={url.session}
              onSession={(session) => setUrl({ session })}
            />
          </Tabs.Panel>
          <Tabs.Panel value="reach">
            <Reach
              affected={url.affected}
              version={url.version}
              onAsk={(affected, version) => setUrl({ affected, version })}
            />
          </Tabs.Panel>
          <Tabs.Panel value="apps">
            <Apps />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
    </>
  );
}
