import { Badge, Button, Table, Text, TextInput } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState, Snippet } from "@/components/QueryState";
import classes from "../settings.module.css";

type Report = components["schemas"]["DigestVerification"];
type Digest = components["schemas"]["DigestView"];

/** Whether the trail is as it was written, by its chain and its signed digests. */
export function Verification() {
  const digests = useGet("/api/v1/audit/digests", { params: { query: { limit: 24 } } });
  const keys = useGet("/api/v1/audit/keys", {});
  const chains = useGet("/api/v1/audit/chains", {});
  return (
    <div className={classes.stack}>
      <Verify />
      <Panel
        title="Signed digests"
        aside={
          <Text size="xs" c="dimmed">
            one an hour, even when nothing happened
          </Text>
        }
      >
        <QueryState
          query={digests}
          isEmpty={(data) => !data.digests.length}
          empty={<Empty title="The first digest is signed when the hour is over" />}
        >
          {(data) => <Digests digests={data.digests} />}
        </QueryState>
      </Panel>
      <Panel title="Keys that sign">
        <QueryState query={keys} height={60}>
          {(data) => (
            <Listing
              minWidth={560}
              dimHead
              columns={["Fingerprint: keep it where the server cannot write", "From", "Until"]}
            >
              {data.keys.map((key) => (
                <Table.Tr key={key.fingerprint}>
                  <Table.Td className={classes.marked}>{key.fingerprint}</Table.Td>
                  <Table.Td>
                    <Moment at={key.valid_from} />
                  </Table.Td>
                  <Table.Td>{key.valid_until ? <Moment at={key.valid_until} /> : "now"}</Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          )}
        </QueryState>
      </Panel>
      <Panel title="Chains of calls, one a server process">
        <QueryState
          query={chains}
          isEmpty={(data) => !data.chains.length}
          empty={<Empty title="No call was recorded yet" />}
        >
          {(data) => (
            <Listing
              minWidth={560}
              dimHead
              columns={["Host", "Began", numeric("Records"), "State"]}
            >
              {data.chains.map((chain) => (
                <Table.Tr key={chain.id}>
                  <Table.Td>{chain.host}</Table.Td>
                  <Table.Td>
                    <Moment at={chain.started} />
                  </Table.Td>
                  <Table.Td ta="right">{formatCount(chain.records)}</Table.Td>
                  <Table.Td>
                    {chain.interrupted ? (
                      <Badge color="red" variant="light" tt="none">
                        broke off after <Moment at={chain.seen} />
                      </Badge>
                    ) : chain.closed ? (
                      "closed"
                    ) : (
                      "running"
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          )}
        </QueryState>
      </Panel>
    </div>
  );
}

function Verify() {
  const [mark, setMark] = useState("");
  const verify = useChange(
    () =>
      unwrap(
        client.GET("/api/v1/audit/digests/verify", {
          params: { query: { fingerprint: mark.trim() || undefined } },
        }),
      ),
    [],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    verify.mutate();
  };
  return (
    <Panel title="Verify digests and all that they cover">
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label="Fingerprint that you kept"
          description="without it the server's own keys are taken on trust"
          placeholder="64 hexadecimal digits"
          maxLength={64}
          value={mark}
          onChange={(event) => setMark(event.currentTarget.value)}
          w={340}
        />
        <Button
          type="submit"
          leftSection={<IconShieldCheck size={15} />}
          loading={verify.isPending}
        >
          Verify
        </Button>
      </form>
      {verify.error && <ErrorPanel error={verify.error} />}
      {verify.data && <Result report={verify.data} />}
      <div className={classes.pad}>
        <Text size="xs" c="dimmed" mb={4}>
          Without asking this server, on an export:
        </Text>
        <Snippet text="vedette audit verify vedette-audit.zip --trust FINGERPRINT" />
      </div>
    </Panel>
  );
}

function Result({ report }: { report: Report }) {
  return (
    <div className={classes.pad} role="status">
      <Text size="sm" fw={600} c={report.ok ? "var(--v-good)" : "var(--v-critical)"}>
        {report.ok
          ? `Everything is as it was written: ${formatCount(report.records)} records under ${formatCount(report.digests)} digests`
          : `${formatCount(report.finding_count)} things are not as they were written`}
      </Text>
      {report.newest && (
        <Text size="xs" c="dimmed">
          covered up to <Moment at={report.newest} />; newest hash{" "}
          <span className={classes.marked}>{report.newest_hash}</span>
        </Text>
      )}
      {report.findings.length > 0 && (
        <Listing dimHead mt="xs">
          {report.findings.map((one) => (
            <Table.Tr key={`${one.kind} ${one.place} ${one.sequence} ${one.event_id}`}>
              <Table.Td fw={600}>{one.kind}</Table.Td>
              <Table.Td className={classes.breaking}>
                {one.place} {one.sequence}
                {one.count > 1 && ` and ${one.count - 1} after it`}
              </Table.Td>
              <Table.Td>{one.detail}</Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </div>
  );
}

function Digests({ digests }: { digests: readonly Digest[] }) {
  return (
    <Listing
      minWidth={680}
      dimHead
      columns={[numeric("Number"), "From", "To", numeric("Records"), "Hash", "Key"]}
    >
      {digests.map((one) => (
        <Table.Tr key={one.sequence}>
          <Table.Td ta="right">{one.sequence}</Table.Td>
          <Table.Td>
            <Moment at={one.starts} />
          </Table.Td>
          <Table.Td>
            <Moment at={one.ends} />
          </Table.Td>
          <Table.Td ta="right">{formatCount(one.records)}</Table.Td>
          <Table.Td className={classes.marked} title={one.hash}>
            {one.hash.slice(0, 16)}…
          </Table.Td>
          <Table.Td className={classes.marked} title={one.fingerprint}>
            {one.fingerprint.slice(0, 16)}…
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
