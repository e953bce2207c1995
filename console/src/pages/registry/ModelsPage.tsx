import { Button, Group, Table } from "@mantine/core";
import { useState } from "react";
import { useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { formatCount } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { NewNamed } from "@/components/NewNamed";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Pivot } from "@/components/Pivot";
import { Empty } from "@/components/QueryState";
import { Filtered } from "@/pages/training/Filtered";
import { useSession } from "@/session/SessionProvider";
import { formatAgo } from "@/time/format";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import classes from "./registry.module.css";
import { StageMark } from "./Stage";

const PARAMS = { q: text() };
const PATH = "/api/v1/models";

export default function ModelsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const [naming, setNaming] = useState(false);
  const query = useGet(PATH, { params: { query: { filter: url.q || null, limit: 1000 } } });
  return (
    <>
      <PageHeader
        title="Models"
        time={false}
        aside={
          <Group gap="sm">
            {query.data && formatCount(query.data.models.length)}
            <Pivot to="/approvals">Approvals</Pivot>
          </Group>
        }
        actions={
          can("catalog:write") && <Button onClick={() => setNaming(true)}>Register a model</Button>
        }
      />
      <Filtered
        filter={url.q}
        onFilter={(q) => setUrl({ q })}
        placeholder="name ILIKE '%churn%' AND tags.team = 'growth'"
        label="Filter of models"
        query={query}
        className={classes.body}
        isEmpty={(data) => data.models.length === 0}
        empty={
          <Empty
            title={url.q ? "No model is found by this filter" : "No model is registered"}
            snippet={'mlflow.register_model(model_info.model_uri, "churn")'}
          />
        }
      >
        {(data) => (
          <Listing
            minWidth={720}
            wrap
            highlightOnHover
            columns={[
              "Model",
              numeric("Versions"),
              "In production",
              "Newest",
              "Aliases",
              "Changed",
            ]}
          >
            {data.models.map((one) => {
              const newest = one.latest.reduce<(typeof one.latest)[number] | undefined>(
                (best, item) => (best && best.version > item.version ? best : item),
                undefined,
              );
              const production = one.latest.find((item) => item.stage === "Production");
              return (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <PageLink to="/models/$name" params={{ name: one.name }} className="link">
                      {one.name}
                    </PageLink>
                    <div className="dimmed">{one.description.slice(0, 160)}</div>
                  </Table.Td>
                  <Table.Td className="number">{one.last_version}</Table.Td>
                  <Table.Td>{production ? `v${production.version}` : "–"}</Table.Td>
                  <Table.Td>
                    {newest && (
                      <Group gap={6}>
                        v{newest.version}
                        <StageMark stage={newest.stage} status={newest.stage_status} />
                      </Group>
                    )}
                  </Table.Td>
                  <Table.Td>
                    {Object.entries(one.aliases)
                      .map(([alias, version]) => `${alias} → v${version}`)
                      .join(", ")}
                  </Table.Td>
                  <Table.Td>{formatAgo(one.updated_ms, Date.now())}</Table.Td>
                </Table.Tr>
              );
            })}
          </Listing>
        )}
      </Filtered>
      {naming && <NewModel onClose={() => setNaming(false)} />}
    </>
  );
}

function NewModel({ onClose }: { onClose: () => void }) {
  const openPage = useOpenPage();
  return (
    <NewNamed
      title="Register a model"
      about="What it is for"
      button="Register"
      path={PATH}
      onMade={(made) => openPage("/models/$name", { params: { name: made.name } })}
      onClose={onClose}
    />
  );
}
