import { useGet } from "@/api/query";
import { Moment } from "@/components/Moment";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { StateBadge } from "@/pages/alarms/StateBadge";
import classes from "./HomePage.module.css";

const REFRESH_MS = 15_000;
const SHOWN = 8;

/** What fires, before everything else; nothing where nothing does. */
export function FiringAlarms() {
  const query = useGet(
    "/api/v1/alarms",
    { params: { query: { state: "ALARM", limit: SHOWN } } },
    { refetchInterval: REFRESH_MS },
  );
  const firing = query.data?.counts.ALARM ?? 0;
  if (!query.data || firing === 0) return null;
  return (
    <Panel
      title={firing === 1 ? "An alarm fires" : `${firing} alarms fire`}
      aside={
        <PageLink to="/alarms" search={{ show: "ALARM" }}>
          All of them
        </PageLink>
      }
    >
      {query.data.alarms.map((one) => (
        <PageLink
          key={one.id}
          to="/alarms/$alarm"
          params={{ alarm: one.id }}
          className={classes.row}
        >
          <StateBadge state={one.state} />
          <span className={classes.what}>
            {one.name}: {one.summary}
            {one.acknowledgement && ` (${one.acknowledgement.by} looks after it)`}
          </span>
          <span className={classes.detail}>
            {one.spec.severity ?? "warning"}, <Moment at={one.since} ago />
          </span>
        </PageLink>
      ))}
    </Panel>
  );
}
