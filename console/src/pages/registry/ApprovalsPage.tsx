import { SegmentedControl, Table, Tabs } from "@mantine/core";
import { useGet } from "@/api/query";
import { Listing } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { formatAgo } from "@/time/format";
import { oneOf } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Rules } from "./Rules";
import classes from "./registry.module.css";
import { RequestMark, StageMark } from "./Stage";

const STATUSES = ["pending", "approved", "rejected", "expired", "cancelled", "all"] as const;
const PARAMS = {
  status: oneOf(STATUSES, "pending"),
  tab: oneOf(["requests", "rules"], "requests"),
};

/** The inbox of those who approve, and the rules that ask for them. */
export default function ApprovalsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const query = useGet("/api/v1/approvals", {
    params: { query: { status: url.status === "all" ? null : url.status, limit: 200 } },
  });
  return (
    <>
      <PageHeader
        title="Approvals"
        time={false}
        aside={<Pivot to="/registry-webhooks">Webhooks</Pivot>}
      />
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: (tab ?? "requests") as "requests" })}
        keepMounted={false}
      >
        <Tabs.List mx={14} mb="xs">
          <Tabs.Tab value="requests">Requests</Tabs.Tab>
          <Tabs.Tab value="rules">Rules</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="rules">
          <div className={classes.body}>
            <Rules />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="requests">
          <div className={classes.tools}>
            <SegmentedControl
              size="xs"
              aria-label="Which requests"
              data={[...STATUSES]}
              value={url.status}
              onChange={(status) => setUrl({ status: status as "pending" })}
            />
          </div>
          <div className={classes.body}>
            <QueryState
              query={query}
              isEmpty={(data) => data.approvals.length === 0}
              empty={
                <Empty
                  title={
                    url.status === "pending" ? "Nothing waits for a decision" : "There is none"
                  }
                  snippet={'vedette approvals request churn 3 Production --comment "why"'}
                >
                  A version that a rule guards is asked for on its page, or by a command:
                </Empty>
              }
            >
              {(data) => (
                <Listing
                  minWidth={760}
                  wrap
                  highlightOnHover
                  columns={[
                    "Request",
                    "Stage",
                    "Status",
                    "Checks",
                    "Approvals",
                    "Asked by",
                    "Ends",
                  ]}
                >
                  {data.approvals.map((one) => {
                    const red = one.checks.filter((check) => !check.passed).length;
                    const given = one.decisions.filter((item) => item.decision === "approved");
                    return (
                      <Table.Tr key={one.id}>
                        <Table.Td>
                          <PageLink
                            to="/approvals/$request"
                            params={{ request: one.id }}
                            className="link"
                          >
                            {one.model} v{one.version}
                          </PageLink>
                          <div className="dimmed">{one.comment.slice(0, 140)}</div>
                        </Table.Td>
                        <Table.Td>
                          <StageMark stage={one.stage} />
                        </Table.Td>
                        <Table.Td>
                          <RequestMark status={one.status} />
                        </Table.Td>
                        <Table.Td className={red ? "bad" : "good"}>
                          {one.checks.length === 0
                            ? "none"
                            : red
                              ? `${red} of ${one.checks.length} fail`
                              : `${one.checks.length} green`}
                        </Table.Td>
                        <Table.Td>
                          {given.length} of {one.needed}
                        </Table.Td>
                        <Table.Td>
                          {one.requested_by}
                          <div className="dimmed">
                            {formatAgo(Date.parse(one.created), Date.now())}
                          </div>
                        </Table.Td>
                        <Table.Td>{new Date(one.expires).toLocaleString("sv-SE")}</Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Listing>
              )}
            </QueryState>
          </div>
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
