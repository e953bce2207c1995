import { Tabs } from "@mantine/core";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { SettingsFrame } from "./SettingsFrame";
import { Compliance } from "./tags/Compliance";
import { Find } from "./tags/Find";
import { Policies } from "./tags/Policies";

const TABS = ["compliance", "policies", "find"] as const;
const PARAMS = {
  tab: oneOf(TABS, "compliance"),
  kind: text(),
  policy: text(),
  edit: text(),
  tag: text(),
  resource: text(),
};

/** Tags of everything that has an identity: what they must be, who complies, who has which. */
export default function TagsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  return (
    <SettingsFrame title="Tags and compliance">
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: (tab ?? "compliance") as (typeof TABS)[number] })}
        keepMounted={false}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="compliance">Compliance</Tabs.Tab>
          <Tabs.Tab value="policies">Policies</Tabs.Tab>
          <Tabs.Tab value="find">Find and change</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="compliance">
          <Compliance
            kind={url.kind}
            policy={url.policy}
            onChoose={setUrl}
            onResource={(resource) => setUrl({ tab: "find", resource })}
            onPolicies={() => setUrl({ tab: "policies" })}
          />
        </Tabs.Panel>
        <Tabs.Panel value="policies">
          <Policies editing={url.edit} onEdit={(edit) => setUrl({ edit })} />
        </Tabs.Panel>
        <Tabs.Panel value="find">
          <Find url={url} setUrl={setUrl} />
        </Tabs.Panel>
      </Tabs>
    </SettingsFrame>
  );
}
