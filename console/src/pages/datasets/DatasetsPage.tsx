import { Table } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Sparkline } from "@/charts/Sparkline";
import { formatCount, formatPercent } from "@/charts/units";
import { FindInput } from "@/components/FindInput";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Empty, QueryState } from "@/components/QueryState";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { dataTime } from "./data";
import classes from "./datasets.module.css";
import { State } from "./State";

const PARAMS = { find: text() };
const SNIPPET = `import vedette
vedette.profile(orders, "orders")               # a frame, a path or a URL
# or: vedette profile orders.parquet --dataset orders`;
type Dataset = components["schemas"]["DatasetView"];

/** All datasets with profiles: how fresh, how much, whether checks hold, whether it drifts. */
export default function DatasetsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const [find] = useDebouncedValue(url.find, 200);
  const datasets = useGet("/api/v1/datasets", { params: { query: { search: find } } });
  return (
    <>
      <PageHeader
        title="Datasets"
        time={false}
        aside={datasets.data && `${datasets.data.datasets.length}`}
      />
      <div className={classes.tools}>
        <FindInput
          label="Search datasets by name"
          placeholder="Search datasets"
          value={url.find}
          onFind={(find) => setUrl({ find }, { replace: true })}
        />
      </div>
      <QueryState
        query={datasets}
        isEmpty={(data) => data.datasets.length === 0}
        empty={
          find ? (
            <Empty title={`No dataset has “${find}” in its name`} />
          ) : (
            <Empty title="No dataset has a profile yet" snippet={SNIPPET}>
              A profile is aggregate states of each column, computed where the data is. Rows stay
              there.
            </Empty>
          )
        }
        height={240}
      >
        {(data) => (
          <Listing
            minWidth={820}
            page
            highlightOnHover
            columns={[
              "Dataset",
              "Data until",
              "Profiled",
              "Newest volume",
              "Columns",
              "Checks",
              "Drift",
            ]}
          >
            {data.datasets.map((one) => (
              <Row key={one.name} dataset={one} />
            ))}
          </Listing>
        )}
      </QueryState>
    </>
  );
}

function Row({ dataset }: { dataset: Dataset }) {
  const { name, rows, volumes } = dataset;
  const share =
    dataset.drift_share == null
      ? undefined
      : `${dataset.drifted_columns} columns, ${formatPercent(dataset.drift_share)}`;
  return (
    <Table.Tr>
      <Table.Td>
        <PageLink
          to="/datasets/$dataset"
          params={{ dataset: name }}
          search={dataTime()}
          className={classes.link}
        >
          {name}
        </PageLink>
      </Table.Td>
      <Table.Td>
        <Moment at={dataset.last} ago />
      </Table.Td>
      <Table.Td>
        <Moment at={dataset.received} ago />
      </Table.Td>
      <Table.Td>
        <span className={classes.state}>
          {rows == null ? "–" : formatCount(rows)}
          {volumes.length > 1 && (
            <Sparkline values={volumes} label={`rows by window, now ${rows}`} />
          )}
        </span>
      </Table.Td>
      <Table.Td>{dataset.columns}</Table.Td>
      <Table.Td>
        <State
          status={dataset.checks}
          more={dataset.violations ? `${dataset.violations}` : undefined}
        />
      </Table.Td>
      <Table.Td>
        <State status={dataset.drift} more={dataset.drift === "drift" ? share : undefined} />
      </Table.Td>
    </Table.Tr>
  );
}
