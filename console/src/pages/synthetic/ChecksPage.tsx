import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatNumber, formatPercent, formatValue } from "@/charts/units";
import { DefinitionsPage } from "@/components/DefinitionsPage";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { StateMark } from "@/components/Standing";
import classes from "@/components/Standing.module.css";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { lastState } from "./states";

const PARAMS = { find: text() };
const NEW_CHECK = {
  check: {
    type: "http",
    steps: [
      {
        name: "front page",
        url: "https://shop.example/",
        assertions: [
          { of: "status", value: 200 },
          { of: "latency_ms", comparison: "<", value: 1500 },
        ],
      },
    ],
  },
  every: "1m",
};
const SNIPPET = `kind: SyntheticCheck
metadata: {name: shop}
spec: {check: {type: http, steps: [{url: "https://shop.example/"}]}}`;

export default function ChecksPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const checks = useGet(
    "/api/v1/synthetic-checks",
    { params: { query: { search: url.find, limit: 500 } } },
    { refetchInterval: 30_000 },
  );
  return (
    <DefinitionsPage
      title="Synthetic checks"
      several="checks"
      what="check"
      kind="SyntheticCheck"
      path="/api/v1/synthetic-checks"
      spec={NEW_CHECK}
      page={{ to: "/synthetic/$check", name: "check" }}
      find={url.find}
      onFind={(find) => setUrl({ find }, { replace: true })}
      query={checks}
      itemsOf={(data) => data.checks}
      about="A check asks on a schedule what a user would: requests in steps, a port, a certificate. Make one above, or keep it as code with vedette apply:"
      snippet={SNIPPET}
    >
      {(items) => (
        <Listing
          minWidth={760}
          page
          className={classes.lines}
          highlightOnHover
          horizontalSpacing="sm"
          columns={[
            "Check",
            "Last run",
            "Passed, 1 d",
            "p95",
            "Certificate",
            "Every",
            "Last error",
          ]}
        >
          {items.map((check) => (
            <Table.Tr key={check.id}>
              <Table.Td>
                <PageLink
                  to="/synthetic/$check"
                  params={{ check: check.name }}
                  className={classes.link}
                >
                  {check.name}
                </PageLink>
                <div className="dimmed">{check.spec.check.type}</div>
              </Table.Td>
              <Table.Td>
                <StateMark state={lastState(check.day.last_passed, check.spec.enabled)} />
              </Table.Td>
              <Table.Td>{formatPercent(check.day.availability)}</Table.Td>
              <Table.Td>{formatValue(check.day.p95_ms, "ms")}</Table.Td>
              <Table.Td>
                {check.day.certificate_days == null
                  ? "–"
                  : `${formatNumber(Math.floor(check.day.certificate_days))} days`}
              </Table.Td>
              <Table.Td>{check.spec.every ?? "1m"}</Table.Td>
              <Table.Td>{check.day.last_passed === false ? check.day.last_error : ""}</Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </DefinitionsPage>
  );
}
