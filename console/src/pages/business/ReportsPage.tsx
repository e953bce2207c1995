import { Button, Table } from "@mantine/core";
import { client, unwrap } from "@/api/client";
import { download, openPage } from "@/api/download";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { DefinitionDelete, DefinitionEditor } from "@/components/DefinitionEditor";
import { Listing } from "@/components/Listing";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { StateMark } from "@/components/Standing";
import classes from "@/components/Standing.module.css";

type Report = components["schemas"]["ReportView"];
const NEW_REPORT = { title: "How we stand", schedule: "CRON_TZ=UTC 0 7 * * MON", channels: [] };

export default function ReportsPage() {
  const reports = useGet("/api/v1/reports", { params: { query: { limit: 200 } } });
  return (
    <>
      <PageHeader
        title="Reports"
        time={false}
        aside={reports.data && `${reports.data.reports.length}`}
        actions={
          <DefinitionEditor what="report" kind="Report" path="/api/v1/reports" spec={NEW_REPORT} />
        }
      />
      <QueryState
        query={reports}
        isEmpty={(data) => data.reports.length === 0}
        empty={
          <Empty title="There is no report yet">
            A report is a page of its own with KPIs, objectives, returns and alarms. It is made on a
            schedule and sent to the channels of notifications, by e-mail whole. Make one above.
          </Empty>
        }
        height={240}
      >
        {(data) => (
          <div className={classes.stack}>
            {data.reports.map((report) => (
              <One key={report.id} report={report} />
            ))}
          </div>
        )}
      </QueryState>
    </>
  );
}

function One({ report }: { report: Report }) {
  const send = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/reports/{name}/send", { params: { path: { name: report.name } } }),
      ),
    ["/api/v1/reports"],
  );
  const path = `/api/v1/reports/${encodeURIComponent(report.name)}/page`;
  const open = (run: string) =>
    void openPage(path, { run }).catch((error) => notifyError("The report cannot be shown", error));
  const save = () =>
    void download(path, { download: true }, `${report.name}.html`).catch((error) =>
      notifyError("The report cannot be downloaded", error),
    );
  return (
    <Panel
      title={report.name}
      aside={
        <span className={classes.tools} style={{ padding: 0 }}>
          <Button variant="default" size="compact-xs" onClick={() => open("")}>
            Show as of now
          </Button>
          <Button variant="default" size="compact-xs" onClick={save}>
            Download
          </Button>
          <Button
            variant="default"
            size="compact-xs"
            loading={send.isPending}
            onClick={() =>
              send.mutate(undefined, {
                onSuccess: (run) =>
                  run.error
                    ? notifyError(
                        "The report was made, but not sent everywhere",
                        new Error(run.error),
                      )
                    : notifyDone(`The report was made; sent to ${run.delivered.length} channels`),
                onError: (error) => notifyError("The report was not made", error),
              })
            }
          >
            Make and send now
          </Button>
          <DefinitionEditor
            what="report"
            kind="Report"
            path="/api/v1/reports"
            name={report.name}
            spec={report.spec}
            labels={report.labels}
          />
          <DefinitionDelete
            what="report"
            path="/api/v1/reports"
            name={report.name}
            question="It is made and sent no more."
            onDone={() => undefined}
          />
        </span>
      }
    >
      <div className={classes.text}>
        <div>
          {report.spec.schedule ?? "0 7 * * MON"}, to{" "}
          {(report.spec.channels ?? []).join(", ") || "no channel yet"}
          {report.spec.enabled === false && " (off)"}
        </div>
        {report.runs.length > 0 && (
          <Listing mt="xs" columns={["Made", "Sent to", "Page"]}>
            {report.runs.map((run) => (
              <Table.Tr key={run.id}>
                <Table.Td>{run.created.slice(0, 16).replace("T", " ")} UTC</Table.Td>
                <Table.Td>
                  {run.delivered.join(", ") || "–"}{" "}
                  {run.error && (
                    <>
                      <StateMark state="failed" /> {run.error}
                    </>
                  )}
                </Table.Td>
                <Table.Td>
                  <Button variant="default" size="compact-xs" onClick={() => open(run.id)}>
                    Open
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </div>
    </Panel>
  );
}
