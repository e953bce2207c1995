import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { IconBell, IconCheck, IconEdit, IconVolumeOff } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { Confirm } from "@/components/Confirm";
import { notifyDone, notifyError } from "@/components/notify";
import { PageLink } from "@/components/PageLink";
import { PopoverButton } from "@/components/PopoverButton";
import { useSession } from "@/session/SessionProvider";
import type { Alarm } from "./model";

const STALE = ["/api/v1/alarms", "/api/v1/mute-windows", "/api/v1/notification-deliveries"];

/** What can be done about an alarm. */
export function Actions({ alarm }: { alarm: Alarm }) {
  const { can } = useSession();
  const openPage = useOpenPage();
  const path = { params: { path: { alarm: alarm.id } } };
  const test = useChange(
    () => unwrap(client.POST("/api/v1/alarms/{alarm}/test", path)),
    ["/api/v1/notification-deliveries"],
  );
  const remove = useChange(() => unwrap(client.DELETE("/api/v1/alarms/{alarm}", path)), STALE);
  if (!can("catalog:write")) return null;
  const sendTest = () =>
    test.mutate(undefined, {
      onSuccess: ({ results }) => {
        const failed = results.find((one) => !one.delivered);
        if (!results.length) notifyError("No route takes this alarm", new Error("make a route"));
        else if (failed) notifyError(`${failed.channel} failed`, new Error(failed.error ?? ""));
        else notifyDone(`Sent to ${results.map((one) => one.channel).join(", ")}`);
      },
      onError: (error) => notifyError("The test was not sent", error),
    });
  return (
    <Group gap={6}>
      <Acknowledge alarm={alarm} />
      <Mute alarm={alarm} />
      <Button
        variant="default"
        size="compact-xs"
        leftSection={<IconBell size={13} />}
        loading={test.isPending}
        onClick={sendTest}
      >
        Test
      </Button>
      <Button
        component={PageLink}
        to="/alarms/$alarm/edit"
        params={{ alarm: alarm.id }}
        variant="default"
        size="compact-xs"
        leftSection={<IconEdit size={13} />}
      >
        Edit
      </Button>
      <Confirm
        label="Delete"
        question={`"${alarm.name}" watches no more; its history stays.`}
        confirm="Delete the alarm"
        busy={remove.isPending}
        onConfirm={() =>
          remove.mutate(undefined, {
            onSuccess: () => {
              notifyDone(`The alarm "${alarm.name}" is deleted`);
              openPage("/alarms");
            },
            onError: (error) => notifyError("The alarm was not deleted", error),
          })
        }
      />
    </Group>
  );
}

function Acknowledge({ alarm }: { alarm: Alarm }) {
  const path = { params: { path: { alarm: alarm.id } } };
  const [comment, setComment] = useState("");
  const change = useChange(
    (acknowledge: boolean): Promise<unknown> =>
      acknowledge
        ? unwrap(
            client.POST("/api/v1/alarms/{alarm}/acknowledgement", { ...path, body: { comment } }),
          )
        : unwrap(client.DELETE("/api/v1/alarms/{alarm}/acknowledgement", path)),
    STALE,
  );
  const run = (acknowledge: boolean) =>
    change.mutate(acknowledge, {
      onError: (error) => notifyError("The acknowledgement was not changed", error),
    });
  if (alarm.acknowledgement) {
    return (
      <Button variant="default" size="compact-xs" onClick={() => run(false)}>
        Take the acknowledgement back
      </Button>
    );
  }
  if (alarm.state !== "ALARM") return null;
  return (
    <Ask
      label="Acknowledge"
      icon={<IconCheck size={13} />}
      confirm="Acknowledge the alarm"
      busy={change.isPending}
      onConfirm={() => run(true)}
    >
      <Text size="sm">You look after it; it is told no more until its state changes.</Text>
      <TextInput
        label="What you do about it"
        value={comment}
        maxLength={4096}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
    </Ask>
  );
}

const LENGTHS = [
  { value: "1", label: "for an hour" },
  { value: "4", label: "for 4 hours" },
  { value: "24", label: "for a day" },
  { value: "168", label: "for a week" },
];
const HOUR_MS = 3_600_000;

function Mute({ alarm }: { alarm: Alarm }) {
  const [hours, setHours] = useState("1");
  const [comment, setComment] = useState("");
  const mute = useChange(() => {
    const now = Date.now();
    const end = new Date(now + Number(hours) * HOUR_MS);
    const stamp = new Date(now).toISOString();
    return unwrap(
      client.POST("/api/v1/mute-windows", {
        body: {
          name: `${alarm.name.slice(0, 200)} until ${end.toISOString().slice(0, 16)}`,
          spec: { alarms: [alarm.name], start: stamp, end: end.toISOString(), comment },
        },
      }),
    );
  }, STALE);
  return (
    <Ask
      label="Mute"
      icon={<IconVolumeOff size={13} />}
      confirm="Mute the alarm"
      busy={mute.isPending}
      onConfirm={() =>
        mute.mutate(undefined, {
          onSuccess: () => notifyDone(`"${alarm.name}" is muted; it is evaluated all the same`),
          onError: (error) => notifyError("The alarm was not muted", error),
        })
      }
    >
      <Select
        label="Tell nobody"
        data={LENGTHS}
        value={hours}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(next) => setHours(next ?? "1")}
      />
      <TextInput
        label="Why"
        value={comment}
        maxLength={4096}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      <PageLink to="/mute-windows">
        <Text size="xs" component="span">
          Windows that come again, and for many alarms
        </Text>
      </PageLink>
    </Ask>
  );
}

interface AskProps {
  label: string;
  icon: ReactNode;
  confirm: string;
  busy: boolean;
  onConfirm: () => void;
  children: ReactNode;
}

function Ask({ label, icon, confirm, busy, onConfirm, children }: AskProps) {
  return (
    <PopoverButton label={label} leftSection={icon} loading={busy} width={290}>
      {(close) => (
        <>
          {children}
          <Button
            onClick={() => {
              close();
              onConfirm();
            }}
          >
            {confirm}
          </Button>
        </>
      )}
    </PopoverButton>
  );
}
