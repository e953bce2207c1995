import { Tabs } from "@mantine/core";
import { useSession } from "@/session/SessionProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Accounts } from "./organisation/Accounts";
import { Across } from "./organisation/Across";
import { Installation } from "./organisation/Installation";
import { Links } from "./organisation/Links";
import { Usage } from "./organisation/Usage";
import { SettingsFrame } from "./SettingsFrame";

const TABS = ["accounts", "links", "usage", "installation"] as const;
const PARAMS = {
  tab: oneOf(TABS, "accounts"),
  kind: oneOf(["alarms", "models", "monitors"], "alarms"),
  days: oneOf(["month", "30", "90"], "30"),
  tag: text("team"),
};

/** The accounts that work together: who shares what with whom, what each uses and costs. */
export default function OrganisationPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  return (
    <SettingsFrame title="Organisation" time={url.tab === "accounts" || url.tab === "usage"}>
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: (tab ?? "accounts") as (typeof TABS)[number] })}
        keepMounted={false}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="accounts">At one look</Tabs.Tab>
          <Tabs.Tab value="links">Links</Tabs.Tab>
          <Tabs.Tab value="usage">Quotas and cost</Tabs.Tab>
          {can("installation:admin") && <Tabs.Tab value="installation">All accounts</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="accounts">
          <Accounts onLinks={() => setUrl({ tab: "links" })} />
          <Across kind={url.kind} onKind={(kind) => setUrl({ kind })} />
        </Tabs.Panel>
        <Tabs.Panel value="links">
          <Links />
        </Tabs.Panel>
        <Tabs.Panel value="usage">
          <Usage
            days={url.days}
            onDays={(days) => setUrl({ days })}
            tag={url.tag}
            onTag={(tag) => setUrl({ tag })}
          />
        </Tabs.Panel>
        <Tabs.Panel value="installation">
          <Installation />
        </Tabs.Panel>
      </Tabs>
    </SettingsFrame>
  );
}
