import { Button, Table, TextInput } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useGet } from "@/api/query";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { dataTime } from "@/pages/datasets/data";
import classes from "@/pages/datasets/datasets.module.css";
import { useSession } from "@/session/SessionProvider";
import { flag, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { baselineText } from "./form";

const MonitorForm = lazy(() => import("./MonitorForm"));
const PARAMS = { dataset: text(), create: flag() };

/** Monitors by name: what each watches, when and against what. */
export default function MonitorsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const monitors = useGet("/api/v1/monitors", {
    params: { query: { dataset: url.dataset || undefined, limit: 500 } },
  });
  return (
    <>
      <PageHeader
        title="Monitors"
        time={false}
        aside={monitors.data && `${monitors.data.monitors.length}`}
        actions={
          can("catalog:write") && (
            <Button onClick={() => setUrl({ create: !url.create })}>
              {url.create ? "Close" : "New monitor"}
            </Button>
          )
        }
      />
      {url.create && (
        <div className={classes.body}>
          <Panel title="New monitor">
            <Suspense>
              <MonitorForm dataset={url.dataset} onDone={() => setUrl({ create: false })} />
            </Suspense>
          </Panel>
        </div>
      )}
      <div className={classes.tools}>
        <TextInput
          aria-label="Only of this dataset"
          placeholder="Only of this dataset"
          value={url.dataset}
          onChange={(event) => setUrl({ dataset: event.currentTarget.value }, { replace: true })}
        />
      </div>
      <QueryState
        query={monitors}
        isEmpty={(data) => data.monitors.length === 0}
        empty={
          <Empty
            title={url.dataset ? `No monitor watches ${url.dataset}` : "There is no monitor yet"}
          >
            A monitor looks at every window of a dataset: its checks, and its drift from a baseline.
          </Empty>
        }
      >
        {(data) => (
          <Listing
            minWidth={760}
            page
            highlightOnHover
            columns={[
              "Monitor",
              "Dataset",
              "When",
              "Window",
              "Against",
              "Drift as",
              "Own checks",
              "Changed",
            ]}
          >
            {data.monitors.map(({ id, name, spec, updated }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <PageLink
                    to="/monitors/$monitor"
                    params={{ monitor: name }}
                    search={dataTime()}
                    className={classes.link}
                  >
                    {name}
                  </PageLink>
                  {!spec.enabled && <span className="dimmed"> off</span>}
                </Table.Td>
                <Table.Td>
                  <PageLink
                    to="/datasets/$dataset"
                    params={{ dataset: spec.dataset }}
                    search={dataTime()}
                    className={classes.link}
                  >
                    {spec.dataset}
                  </PageLink>
                </Table.Td>
                <Table.Td>{spec.schedule}</Table.Td>
                <Table.Td>{spec.window}</Table.Td>
                <Table.Td>{baselineText(spec)}</Table.Td>
                <Table.Td>{spec.drift?.preset ?? "–"}</Table.Td>
                <Table.Td>{spec.checks?.length ?? 0}</Table.Td>
                <Table.Td>
                  <Moment at={updated} ago />
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </>
  );
}
