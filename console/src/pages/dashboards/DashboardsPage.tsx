import { Button, Table, Text } from "@mantine/core";
import { IconDownload, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { FindInput } from "@/components/FindInput";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import classes from "./dashboards.module.css";

const ImportDialog = lazy(() => import("./ImportDialog"));
const PARAMS = { find: text() };

export default function DashboardsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const openPage = useOpenPage();
  const { query: range } = useTimeRange();
  const [importing, setImporting] = useState(false);
  const found = useGet("/api/v1/dashboards", {
    params: { query: { search: url.find.slice(0, 255), limit: 500 } },
  });
  const ready = useGet("/api/v1/dashboards/ready-made", { params: { query: range } });
  const make = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/dashboards/import", {
          body: { text: '{"panels": []}', name: null, dry_run: false },
        }),
      ),
    ["/api/v1/dashboards"],
  );
  const begin = () =>
    make.mutate(undefined, {
      onSuccess: (made) => openPage(`/dashboards/${made.dashboard?.id}`, { search: { edit: "1" } }),
      onError: (error) => notifyError("No dashboard was made", error),
    });
  const write = can("catalog:write");
  return (
    <>
      <PageHeader
        title="Dashboards"
        actions={
          write && (
            <>
              <Button
                variant="default"
                leftSection={<IconDownload size={14} />}
                onClick={() => setImporting(true)}
              >
                Import
              </Button>
              <Button leftSection={<IconPlus size={14} />} loading={make.isPending} onClick={begin}>
                New dashboard
              </Button>
            </>
          )
        }
      />
      <div className={classes.page}>
        <Panel title="Ready-made">
          <QueryState query={ready} height={70}>
            {(data) => (
              <div className={classes.cards} style={{ padding: "0 12px 12px" }}>
                {data.dashboards.map((one) => (
                  <PageLink
                    key={one.id}
                    to={`/dashboards/ready-made/${one.id}`}
                    className={`panel ${classes.card}`}
                  >
                    <Text fw={600} size="sm">
                      {one.name}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {one.summary}
                      {!one.available && ". No such data in this time range."}
                    </Text>
                  </PageLink>
                ))}
              </div>
            )}
          </QueryState>
        </Panel>
        <Panel title="Of this account">
          <FindInput
            mx={12}
            mb={8}
            maw={320}
            label="Search dashboards by name"
            placeholder="Search"
            value={url.find}
            onFind={(find) => setUrl({ find }, { replace: true })}
          />
          <QueryState
            query={found}
            isEmpty={(data) => !data.dashboards.length}
            empty={
              url.find ? (
                <Empty title={`No dashboard's name contains "${url.find.slice(0, 100)}"`} />
              ) : (
                <Empty title="There are no dashboards yet" snippet="vedette apply dashboards/">
                  Make one, duplicate a ready-made one, import one of Grafana, or keep them as code.
                </Empty>
              )
            }
          >
            {(data) => (
              <Listing minWidth={560} columns={["Name", "Tags", "Panels", "Changed", "By"]}>
                {data.dashboards.map((one) => (
                  <Table.Tr key={one.id}>
                    <Table.Td>
                      <PageLink to={`/dashboards/${one.id}`} title={one.description}>
                        {one.name}
                      </PageLink>
                    </Table.Td>
                    <Table.Td>{one.tags.join(", ")}</Table.Td>
                    <Table.Td>{one.panels}</Table.Td>
                    <Table.Td>
                      <Moment at={one.updated} />
                    </Table.Td>
                    <Table.Td>
                      {one.owner ? `${one.updated_by}, as code of ${one.owner}` : one.updated_by}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Listing>
            )}
          </QueryState>
        </Panel>
      </div>
      <Suspense>{importing && <ImportDialog onClose={() => setImporting(false)} />}</Suspense>
    </>
  );
}
