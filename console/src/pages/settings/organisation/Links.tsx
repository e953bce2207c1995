import {
  Badge,
  Button,
  Group,
  MultiSelect,
  Switch,
  Table,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "../settings.module.css";

type Kind = components["schemas"]["SharedKind"];
type Link = components["schemas"]["AccountLinkView"];
type Sink = components["schemas"]["SinkView"];
const PATH = "/api/v1/organisation";
// biome-ignore format: one line
const KINDS: Kind[] = [
  "logs", "metrics", "traces", "models", "monitors", "alarms", "compliance", "usage",
];

/** What the account takes from others, offers to others, and sees of others. */
export function Links() {
  const query = useGet("/api/v1/organisation/links", {});
  const { can } = useSession();
  return (
    <QueryState query={query} height={300}>
      {(data) => (
        <div className={classes.stack}>
          <Panel
            title="What others share with this account"
            aside={
              <Text size="xs" c="dimmed">
                a link is seen as far as its source shares and this account takes
              </Text>
            }
          >
            <TakenForm key={JSON.stringify(data.sink)} sink={data.sink} disabled={!can("admin")} />
            <Seen links={data.sees} />
          </Panel>
          <Panel title="What this account shares with others">
            {can("admin") && <Offer />}
            <Shared links={data.shares} />
          </Panel>
        </div>
      )}
    </QueryState>
  );
}

/** Accepts links: kinds that are taken, and from whom. */
function TakenForm({ sink, disabled }: { sink: Sink | null; disabled: boolean }) {
  const [kinds, setKinds] = useState<Kind[]>(sink?.kinds ?? []);
  const [everyone, setEveryone] = useState(sink?.sources.includes("*") ?? false);
  const [sources, setSources] = useState<string[]>(
    (sink?.sources ?? []).filter((one) => one !== "*"),
  );
  const put = useChange(
    () =>
      unwrap(
        client.PUT("/api/v1/organisation/sink", {
          body: { kinds, sources: everyone ? ["*"] : sources },
        }),
      ),
    [PATH],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate(undefined, {
      onSuccess: () =>
        notifyDone(kinds.length ? "What is taken is saved" : "Nothing is taken from now on"),
    });
  };
  return (
    <>
      <form className={classes.form} onSubmit={submit}>
        <MultiSelect
          label="Takes"
          placeholder={kinds.length ? undefined : "nothing yet"}
          data={KINDS}
          value={kinds}
          onChange={(next) => setKinds(next as Kind[])}
          disabled={disabled}
          miw={260}
          maw={460}
        />
        <TagsInput
          size="xs"
          label="From accounts"
          placeholder={everyone ? "every account" : "name, Enter"}
          value={everyone ? [] : sources}
          onChange={setSources}
          disabled={disabled || everyone}
          miw={200}
          maw={400}
        />
        <Switch
          label="Every account"
          size="xs"
          checked={everyone}
          disabled={disabled}
          onChange={(event) => setEveryone(event.currentTarget.checked)}
          pb={8}
        />
        <Button type="submit" disabled={disabled} loading={put.isPending}>
          Save
        </Button>
      </form>
      {put.error && <ErrorPanel error={put.error} />}
    </>
  );
}

function Offer() {
  const [sink, setSink] = useState("");
  const [kinds, setKinds] = useState<Kind[]>(["logs", "metrics", "traces"]);
  const make = useChange(
    () => unwrap(client.POST("/api/v1/organisation/links", { body: { sink: sink.trim(), kinds } })),
    [PATH],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(undefined, {
      onSuccess: (link) => {
        notifyDone(`"${link.sink}" sees ${link.effective.join(", ") || "nothing"} of this account`);
        setSink("");
      },
    });
  };
  return (
    <>
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label="Monitoring account"
          required
          maxLength={63}
          value={sink}
          onChange={(event) => setSink(event.currentTarget.value)}
        />
        <MultiSelect
          label="Shares"
          data={KINDS}
          value={kinds}
          onChange={(next) => setKinds(next as Kind[])}
          miw={260}
          maw={460}
        />
        <Button type="submit" disabled={!kinds.length} loading={make.isPending}>
          Share
        </Button>
      </form>
      {make.error && <ErrorPanel error={make.error} />}
    </>
  );
}

function Kinds({ link }: { link: Link }) {
  return (
    <Group gap={4}>
      {link.kinds.map((kind) => {
        const seen = link.effective.includes(kind);
        return (
          <Badge
            key={kind}
            tt="none"
            variant={seen || link.ended ? "default" : "outline"}
            color="gray"
            title={seen ? undefined : "the monitoring account does not take it"}
          >
            {seen || link.ended ? kind : `${kind}, not taken`}
          </Badge>
        );
      })}
    </Group>
  );
}

function Shared({ links }: { links: readonly Link[] }) {
  const { can } = useSession();
  const end = useChange(
    (id: string) =>
      unwrap(
        client.DELETE("/api/v1/organisation/links/{link_id}", {
          params: { path: { link_id: id } },
        }),
      ),
    [PATH],
  );
  if (!links.length) {
    return (
      <Empty title="Nothing is shared">
        The other account first says that it takes something from this one; then share it above.
      </Empty>
    );
  }
  return (
    <Listing minWidth={640} dimHead columns={["With", "Shares", "Since", "State"]}>
      {links.map((link) => (
        <Table.Tr key={link.id}>
          <Table.Td>
            <span className={link.ended ? classes.off : undefined}>{link.sink}</span>
          </Table.Td>
          <Table.Td>
            <Kinds link={link} />
          </Table.Td>
          <Table.Td>
            <Moment at={link.created} />
            <Text size="xs" c="dimmed">
              by {link.created_by}
            </Text>
          </Table.Td>
          <Table.Td>
            {link.ended ? (
              <>
                ended <Moment at={link.ended} />
              </>
            ) : can("admin") ? (
              <Confirm
                label="End"
                question={`"${link.sink}" sees nothing of this account from now on.`}
                confirm="End the link"
                busy={end.isPending && end.variables === link.id}
                onConfirm={() =>
                  end.mutate(link.id, {
                    onError: (error) => notifyError("The link was not ended", error),
                  })
                }
              />
            ) : (
              "open"
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function Seen({ links }: { links: readonly Link[] }) {
  if (!links.length) return <Empty title="No account shares with this one" />;
  return (
    <Listing minWidth={520} dimHead columns={["Account", "Shares", "Since"]}>
      {links.map((link) => (
        <Table.Tr key={link.id}>
          <Table.Td>{link.source}</Table.Td>
          <Table.Td>
            <Kinds link={link} />
          </Table.Td>
          <Table.Td>
            <Moment at={link.created} />
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
