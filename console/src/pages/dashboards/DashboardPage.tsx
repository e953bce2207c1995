import { Button, Drawer, Menu, Text } from "@mantine/core";
import { IconCopy, IconDownload, IconHistory } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { client, unwrap } from "@/api/client";
import { download } from "@/api/download";
import { useChange, useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { Confirm } from "@/components/Confirm";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { Board } from "./Board";
import classes from "./dashboards.module.css";
import { type Dashboard, type Spec, whole } from "./model";

const STALE = ["/api/v1/dashboards"];

export default function DashboardPage() {
  const { dashboard } = useParams({ strict: false }) as { dashboard: string };
  const found = useGet(
    "/api/v1/dashboards/{dashboard}",
    { params: { path: { dashboard } } },
    { keepPrevious: false, staleTime: 5 * 60_000 },
  );
  if (!found.data) {
    return (
      <>
        <PageHeader title="Dashboard" />
        <QueryState query={found} height={400}>
          {() => null}
        </QueryState>
      </>
    );
  }
  return <Shown key={found.data.id} dashboard={found.data as unknown as Dashboard} />;
}

function Shown({ dashboard }: { dashboard: Dashboard }) {
  const { id, name, version, owner } = dashboard;
  const { can } = useSession();
  const openPage = useOpenPage();
  const [history, setHistory] = useState(false);
  const spec = useMemo(() => whole(dashboard.spec), [dashboard.spec]);
  const path = { dashboard: id };
  const change = useChange(
    (body: { name: string; spec: Spec }) =>
      unwrap(
        client.PATCH("/api/v1/dashboards/{dashboard}", {
          params: { path },
          body: { ...body, version, comment: "" } as never,
        }),
      ),
    STALE,
  );
  const copy = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/dashboards/{dashboard}/copies", {
          params: { path },
          body: {} as never,
        }),
      ),
    STALE,
  );
  const remove = useChange(
    () => unwrap(client.DELETE("/api/v1/dashboards/{dashboard}", { params: { path } })),
    [],
  );
  const save = async (newName: string, next: Spec) => {
    try {
      await change.mutateAsync({ name: newName, spec: next });
      notifyDone("The dashboard is saved");
    } catch (error) {
      notifyError("The dashboard was not saved", error);
      throw error;
    }
  };
  const duplicate = () =>
    copy.mutate(undefined, {
      onSuccess: (made) => openPage(`/dashboards/${made.id}`),
      onError: (error) => notifyError("No copy was made", error),
    });
  const erase = () =>
    remove.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`"${name}" is deleted`);
        openPage("/dashboards");
      },
      onError: (error) => notifyError("The dashboard was not deleted", error),
    });
  const give = (format: "json" | "yaml") =>
    download(`/api/v1/dashboards/${id}/export`, { format }, `${name}.${format}`).catch((error) =>
      notifyError("The export failed", error),
    );
  const write = can("catalog:write");
  return (
    <>
      <Board
        name={name}
        spec={spec}
        save={write && !owner ? save : undefined}
        saving={change.isPending}
        note={
          owner && (
            <Text size="xs" c="dimmed">
              Kept as code by {owner}: change its file and apply it, or duplicate it.
            </Text>
          )
        }
        menu={
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<IconDownload size={14} />} onClick={() => void give("json")}>
              Export as JSON
            </Menu.Item>
            <Menu.Item leftSection={<IconDownload size={14} />} onClick={() => void give("yaml")}>
              Export as YAML
            </Menu.Item>
            <Menu.Item leftSection={<IconHistory size={14} />} onClick={() => setHistory(true)}>
              History
            </Menu.Item>
            {write && (
              <Menu.Item leftSection={<IconCopy size={14} />} onClick={duplicate}>
                Duplicate
              </Menu.Item>
            )}
          </>
        }
      />
      {history && (
        <History
          dashboard={dashboard}
          write={write && !owner}
          onClose={() => setHistory(false)}
          onErase={erase}
        />
      )}
    </>
  );
}

interface HistoryProps {
  dashboard: Dashboard;
  write: boolean;
  onClose: () => void;
  onErase: () => void;
}

/** What the dashboard was, and having it back; deleting it, which is the end of that. */
function History({ dashboard, write, onClose, onErase }: HistoryProps) {
  const path = { dashboard: dashboard.id };
  const found = useGet(
    "/api/v1/dashboards/{dashboard}/versions",
    { params: { path } },
    { staleTime: 0 },
  );
  const restore = useChange(
    (version: number) =>
      unwrap(
        client.POST("/api/v1/dashboards/{dashboard}/restorations", {
          params: { path },
          body: { version },
        }),
      ),
    STALE,
  );
  const again = (version: number) =>
    restore.mutate(version, {
      onSuccess: () => notifyDone(`Version ${version} is the newest again`),
      onError: (error) => notifyError("It was not restored", error),
    });
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      title={`History of ${dashboard.name}`}
      closeButtonProps={{ "aria-label": "Close the history" }}
    >
      <QueryState query={found} height={200}>
        {(data) => (
          <ul className={classes.history}>
            {data.versions.map((one) => (
              <li key={one.version}>
                <div>
                  <Text size="sm" fw={600}>
                    Version {one.version}
                    {one.name !== dashboard.name && `, ${one.name}`}
                  </Text>
                  <Text size="xs" c="dimmed">
                    <Moment at={one.created} /> by {one.created_by}, {one.panels} panels
                    {one.comment && `: ${one.comment}`}
                  </Text>
                </div>
                {write && one.version !== dashboard.version && (
                  <Button
                    variant="default"
                    size="compact-xs"
                    loading={restore.isPending}
                    onClick={() => again(one.version)}
                  >
                    Restore
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </QueryState>
      {write && (
        <Confirm
          label="Delete the dashboard…"
          question="It goes with its history."
          confirm="Delete it"
          onConfirm={onErase}
        />
      )}
    </Drawer>
  );
}
