import { Button, Group, Text } from "@mantine/core";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { SendAnything } from "@/components/SendSnippets";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./First.module.css";

/** Where nothing has come in yet: how to send the first. */
export function First() {
  const time = useTimeRange();
  const { can } = useSession();
  return (
    <Panel title="Nothing has come in in this time range">
      <div className={classes.first}>
        <Text size="sm">
          Vedette takes what OpenTelemetry, Prometheus, log shippers and its own SDK send. Choose
          one and send the first record; it is here a second later.
        </Text>
        <SendAnything />
        <Group>
          {can("admin") && (
            <Button renderRoot={(props) => <PageLink {...props} to="/settings/keys" />}>
              Make an API key
            </Button>
          )}
          <Button variant="default" onClick={() => time.set("-7d")}>
            Look at the last 7 days
          </Button>
        </Group>
      </div>
    </Panel>
  );
}
