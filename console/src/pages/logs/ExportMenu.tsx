import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { download } from "@/api/download";
import { notifyError } from "@/components/notify";
import { useTimeRange } from "@/time/TimeProvider";

const FORMATS = [
  { format: "csv", label: "CSV" },
  { format: "ndjson", label: "NDJSON" },
  { format: "parquet", label: "Parquet" },
] as const;

/** The matching records of the range as a file, up to 100,000. */
export function ExportMenu({ q }: { q: string }) {
  const { query } = useTimeRange();
  const [busy, setBusy] = useState(false);
  const save = async (format: string) => {
    setBusy(true);
    try {
      await download("/api/v1/logs/export", { ...query, q, format }, `logs.${format}`);
    } catch (error) {
      notifyError("The export failed", error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={15} />} loading={busy}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Up to 100,000 records, newest first</Menu.Label>
        {FORMATS.map(({ format, label }) => (
          <Menu.Item key={format} onClick={() => void save(format)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
