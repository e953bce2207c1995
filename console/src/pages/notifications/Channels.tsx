import {
  Button,
  Checkbox,
  NumberInput,
  Select,
  Table,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { EditDelete } from "@/components/EditDelete";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";
import { SEVERITIES } from "@/pages/alarms/model";
import { useSession } from "@/session/SessionProvider";
import { NamedForm } from "./NamedForm";

type Channel = components["schemas"]["ChannelView"];
type Settings = components["schemas"]["ChannelRequest"]["settings"];
type Kind = Settings["type"];
export const CHANNELS = "/api/v1/notification-channels";

const KINDS: { value: Kind; label: string; secret: string; about: string }[] = [
  {
    value: "webhook",
    label: "Webhook",
    secret: "Signing key",
    about: "16 characters or more; signs every request",
  },
  { value: "email", label: "E-mail", secret: "Password", about: "of the SMTP user" },
  {
    value: "slack",
    label: "Slack",
    secret: "Webhook's address",
    about: "https://hooks.slack.com/services/…",
  },
  { value: "teams", label: "Microsoft Teams", secret: "Webhook's address", about: "of a workflow" },
  { value: "pagerduty", label: "PagerDuty", secret: "Integration key", about: "Events API v2" },
  {
    value: "apprise",
    label: "Any other service",
    secret: "Apprise URL",
    about: "such as ntfys://ntfy.sh/topic",
  },
];

/** Where messages can go. */
export function Channels() {
  const { can } = useSession();
  const [edited, setEdited] = useState<Channel | null>(null);
  const query = useGet(CHANNELS, {});
  return (
    <>
      {can("catalog:write") && (
        <ChannelForm key={edited?.id ?? "new"} channel={edited} onDone={() => setEdited(null)} />
      )}
      <Panel title="Channels">
        <QueryState
          query={query}
          isEmpty={(data) => data.channels.length === 0}
          empty={
            <Empty title="There is no channel yet">
              Make one above and send a test; then a route says which alarms go there.
            </Empty>
          }
        >
          {(data) => <Table_ channels={data.channels} onEdit={setEdited} />}
        </QueryState>
      </Panel>
    </>
  );
}

interface TableProps {
  channels: readonly Channel[];
  onEdit: (channel: Channel) => void;
}

function Table_({ channels, onEdit }: TableProps) {
  const { can } = useSession();
  const path = (name: string) => ({ params: { path: { name } } });
  const test = useChange(
    (name: string) => unwrap(client.POST("/api/v1/notification-channels/{name}/test", path(name))),
    ["/api/v1/notification-deliveries"],
  );
  const remove = useChange(
    (name: string) => unwrap(client.DELETE("/api/v1/notification-channels/{name}", path(name))),
    [CHANNELS],
  );
  const sendTest = (name: string) =>
    test.mutate(name, {
      onSuccess: (result) =>
        result.delivered
          ? notifyDone(`${name} took the test in ${result.seconds.toFixed(1)} s`)
          : notifyError(`${name} did not take the test`, new Error(result.error ?? "")),
      onError: (error) => notifyError("The test was not sent", error),
    });
  return (
    <Listing minWidth={640} dimHead columns={["Channel", "To", "Takes", "Changed", ACTIONS]}>
      {channels.map((one) => (
        <Table.Tr key={one.id}>
          <Table.Td className={classes.wrap}>
            <strong>{one.name}</strong>
            <Text size="xs" c="dimmed">
              {KINDS.find(({ value }) => value === one.settings.type)?.label}
              {one.owner && ` · as code by ${one.owner}`}
            </Text>
          </Table.Td>
          <Table.Td className={classes.wrap}>{whereTo(one)}</Table.Td>
          <Table.Td>
            {one.settings.min_severity ?? "info"} and worse
            <Text size="xs" c="dimmed">
              at most {one.settings.per_minute ?? 20} a minute
              {one.settings.send_resolved === false && ", nothing resolved"}
            </Text>
          </Table.Td>
          <Table.Td>
            <Moment at={one.updated} /> by {one.updated_by}
          </Table.Td>
          <Table.Td ta="right">
            {can("catalog:write") && (
              <Button.Group style={{ justifyContent: "flex-end" }}>
                <Button
                  variant="default"
                  size="compact-xs"
                  loading={test.isPending && test.variables === one.name}
                  onClick={() => sendTest(one.name)}
                >
                  Test
                </Button>
                <EditDelete
                  what="channel"
                  name={one.name}
                  question={`Nothing goes to "${one.name}" any more, also not what waits.`}
                  remove={remove}
                  onEdit={() => onEdit(one)}
                />
              </Button.Group>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function whereTo({ settings, has_secret }: Channel): string {
  if (settings.type === "webhook") return `${settings.url}${has_secret ? ", signed" : ""}`;
  if (settings.type === "email") return `${settings.to.join(", ")} by ${settings.host}`;
  return has_secret ? "its address is kept secret" : "no secret";
}

interface FormProps {
  channel: Channel | null;
  onDone: () => void;
}

function ChannelForm({ channel, onDone }: FormProps) {
  const old = channel?.settings;
  const mail = old?.type === "email" ? old : undefined;
  const [name, setName] = useState(channel?.name ?? "");
  const [kind, setKind] = useState<Kind>(old?.type ?? "webhook");
  const [url, setUrl] = useState(old?.type === "webhook" ? old.url : "");
  const [host, setHost] = useState(mail?.host ?? "");
  const [port, setPort] = useState(mail?.port ?? 587);
  const [security, setSecurity] = useState<string>(mail?.security ?? "starttls");
  const [user, setUser] = useState(mail?.user ?? "");
  const [sender, setSender] = useState(mail?.sender ?? "");
  const [to, setTo] = useState<string[]>(mail?.to ?? []);
  const [secret, setSecret] = useState("");
  const [rate, setRate] = useState(old?.per_minute ?? 20);
  const [severity, setSeverity] = useState<string>(old?.min_severity ?? "info");
  const [resolved, setResolved] = useState(old?.send_resolved !== false);
  const [image, setImage] = useState(old?.image !== false);
  const chosen = KINDS.find(({ value }) => value === kind);
  const put = useChange(() => {
    const common = {
      per_minute: rate,
      min_severity: severity as "info",
      send_resolved: resolved,
      image,
    };
    const settings: Settings =
      kind === "webhook"
        ? { ...common, type: "webhook", url: url.trim() }
        : kind === "email"
          ? { ...common, type: "email", host, port, security: security as "tls", user, sender, to }
          : { ...common, type: kind };
    return unwrap(
      client.POST(CHANNELS, {
        body: { name: name.trim(), settings, secret: secret ? secret : null },
      }),
    );
  }, [CHANNELS]);
  return (
    <NamedForm
      what="channel"
      edited={channel}
      name={name}
      onName={setName}
      put={put}
      kept={`The channel "${name}" is kept: send it a test`}
      onKept={() => {
        setName("");
        setSecret("");
        onDone();
      }}
      onCancel={onDone}
    >
      <Select
        label="Service"
        w={170}
        allowDeselect={false}
        data={KINDS.map(({ value, label }) => ({ value, label }))}
        value={kind}
        onChange={(next) => setKind((next ?? "webhook") as Kind)}
      />
      {kind === "webhook" && (
        <TextInput
          label="URL"
          required
          placeholder="https://"
          w={300}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
      )}
      {kind === "email" && (
        <>
          <TextInput
            label="SMTP server"
            required
            w={190}
            value={host}
            onChange={(event) => setHost(event.currentTarget.value)}
          />
          <NumberInput
            label="Port"
            w={90}
            min={1}
            max={65_535}
            value={port}
            onChange={(next) => setPort(Number(next) || 587)}
          />
          <Select
            label="Security"
            w={110}
            allowDeselect={false}
            data={["starttls", "tls", "none"]}
            value={security}
            onChange={(next) => setSecurity(next ?? "starttls")}
          />
          <TextInput
            label="User"
            w={150}
            value={user}
            onChange={(event) => setUser(event.currentTarget.value)}
          />
          <TextInput
            label="From"
            required
            w={190}
            value={sender}
            onChange={(event) => setSender(event.currentTarget.value)}
          />
          <TagsInput label="To" required miw={220} value={to} onChange={setTo} />
        </>
      )}
      <TextInput
        type="password"
        autoComplete="new-password"
        label={chosen?.secret}
        description={chosen?.about}
        placeholder={channel?.has_secret ? "stays as it is" : undefined}
        w={260}
        value={secret}
        onChange={(event) => setSecret(event.currentTarget.value)}
      />
      <Select
        label="From severity"
        w={120}
        allowDeselect={false}
        data={[...SEVERITIES]}
        value={severity}
        onChange={(next) => setSeverity(next ?? "info")}
      />
      <NumberInput
        label="Messages a minute"
        w={130}
        min={1}
        max={600}
        value={rate}
        onChange={(next) => setRate(Number(next) || 20)}
      />
      <Checkbox
        size="xs"
        label="What is resolved, too"
        checked={resolved}
        onChange={(event) => setResolved(event.currentTarget.checked)}
      />
      <Checkbox
        size="xs"
        label="A picture of the metric"
        checked={image}
        onChange={(event) => setImage(event.currentTarget.checked)}
      />
    </NamedForm>
  );
}
