import { Stack } from "@mantine/core";
import { useGet } from "@/api/query";
import { PageHeader } from "@/components/PageHeader";
import { ErrorPanel } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { Changes } from "./Changes";
import { FiringAlarms } from "./FiringAlarms";
import { First } from "./First";
import classes from "./HomePage.module.css";
import { HostsPanel } from "./HostsPanel";
import { IngestPanel } from "./IngestPanel";
import { NewestErrors } from "./NewestErrors";
import { PipelinesPanel } from "./PipelinesPanel";
import { ServicesPanel } from "./ServicesPanel";

/** What is wrong now and what changed, before anything is configured. */
export default function HomePage() {
  const { query } = useTimeRange();
  const services = useGet("/api/v1/services", { params: { query: { ...query } } });
  const pipelines = useGet("/api/v1/pipelines", { params: { query: { ...query, limit: 200 } } });
  const nothing = services.data?.services.length === 0 && pipelines.data?.pipelines.length === 0;
  return (
    <>
      <PageHeader title="Home" />
      <Stack gap="sm" className={classes.page}>
        <FiringAlarms />
        {services.error && (
          <ErrorPanel error={services.error} onRetry={() => void services.refetch()} />
        )}
        {nothing ? (
          <First />
        ) : (
          <>
            <Changes services={services} />
            <div className={classes.columns}>
              <Stack gap="sm">
                <ServicesPanel services={services} />
                <PipelinesPanel query={pipelines} />
                <HostsPanel />
              </Stack>
              <Stack gap="sm">
                <NewestErrors />
                <IngestPanel />
              </Stack>
            </div>
          </>
        )}
      </Stack>
    </>
  );
}
