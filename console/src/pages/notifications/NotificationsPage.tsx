import { Stack, Tabs } from "@mantine/core";
import { PageHeader } from "@/components/PageHeader";
import classes from "@/pages/alarms/alarms.module.css";
import { oneOf } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Channels } from "./Channels";
import { Log } from "./Log";
import { Routes } from "./Routes";

const PARAMS = { tab: oneOf(["channels", "routes", "log"], "channels") };

/** Where messages can go, which alarms go where, and what was sent. */
export default function NotificationsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  return (
    <>
      <PageHeader title="Notifications" time={false} />
      <div className={classes.page}>
        <Tabs
          value={url.tab}
          keepMounted={false}
          onChange={(tab) => setUrl({ tab: (tab ?? "channels") as typeof url.tab })}
        >
          <Tabs.List aria-label="Notifications">
            <Tabs.Tab value="channels">Channels</Tabs.Tab>
            <Tabs.Tab value="routes">Routes</Tabs.Tab>
            <Tabs.Tab value="log">What was sent</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value={url.tab}>
            <Stack gap="sm" pt="sm">
              {url.tab === "channels" && <Channels />}
              {url.tab === "routes" && <Routes />}
              {url.tab === "log" && <Log />}
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </div>
    </>
  );
}
