import { Tabs } from "@mantine/core";
import { PageHeader } from "@/components/PageHeader";
import { Pivot } from "@/components/Pivot";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Datasets } from "./Datasets";
import { Scorers } from "./Scorers";

const PARAMS = { tab: oneOf(["datasets", "scorers"], "datasets"), q: text() };

/** What models are evaluated on, and by. */
export default function EvaluationPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  return (
    <>
      <PageHeader
        title="Evaluation"
        time={false}
        aside={<Pivot to="/experiments">Experiments</Pivot>}
      />
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: (tab ?? "datasets") as "datasets" })}
        keepMounted={false}
      >
        <Tabs.List mx={14} mb="xs">
          <Tabs.Tab value="datasets">Datasets</Tabs.Tab>
          <Tabs.Tab value="scorers">Scorers</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="datasets">
          <Datasets filter={url.q} onFilter={(q) => setUrl({ q })} />
        </Tabs.Panel>
        <Tabs.Panel value="scorers">
          <Scorers />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
