import { Button, Group, Tabs } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { download } from "@/api/download";
import { notifyError } from "@/components/notify";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Holds } from "./audit/Holds";
import { Records } from "./audit/Records";
import { Unusual } from "./audit/Unusual";
import { Verification } from "./audit/Verification";
import { SettingsFrame } from "./SettingsFrame";

const TABS = ["records", "activity", "verification", "retention"] as const;
export const PARAMS = {
  tab: oneOf(TABS, "records"),
  trail: oneOf(["changes", "calls"], "changes"),
  event: text(),
  who: text(),
  resource: text(),
  ip: text(),
  outcome: oneOf(["all", "done", "refused"], "all"),
  q: text(),
  open: text(),
  measure: oneOf(["all", "refused", "read", "change", "ingest"], "all"),
};

/** Who did what, when and from where; whether it is as it was written; how long it is kept. */
export default function AuditPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  return (
    <SettingsFrame title="Audit" time actions={<Export />}>
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: (tab ?? "records") as (typeof TABS)[number] })}
        keepMounted={false}
      >
        <Tabs.List mb="sm">
          <Tabs.Tab value="records">Records</Tabs.Tab>
          <Tabs.Tab value="activity">Unusual activity</Tabs.Tab>
          <Tabs.Tab value="verification">Verification</Tabs.Tab>
          <Tabs.Tab value="retention">Retention and holds</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="records">
          <Records url={url} setUrl={setUrl} />
        </Tabs.Panel>
        <Tabs.Panel value="activity">
          <Unusual
            measure={url.measure}
            onMeasure={(measure) => setUrl({ measure })}
            onRecords={(outcome) => setUrl({ tab: "records", trail: "calls", outcome })}
          />
        </Tabs.Panel>
        <Tabs.Panel value="verification">
          <Verification />
        </Tabs.Panel>
        <Tabs.Panel value="retention">
          <Holds />
        </Tabs.Panel>
      </Tabs>
    </SettingsFrame>
  );
}

/** The range's records with the signed digests that cover them, for `vedette audit verify`. */
function Export() {
  const { query: range } = useTimeRange();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      await download("/api/v1/audit/export", range, "vedette-audit.zip");
    } catch (error) {
      notifyError("The audit trail was not exported", error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Group gap={6}>
      <Button
        variant="default"
        leftSection={<IconDownload size={15} />}
        loading={busy}
        title="The range's records with their signed digests, as a zip that 'vedette audit verify' reads"
        onClick={() => void save()}
      >
        Export
      </Button>
    </Group>
  );
}
