import { Button, Text } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { Board } from "./Board";
import { type Spec, whole } from "./model";

/** A dashboard that everybody has; a copy of it can be changed. */
export default function ReadyPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const { can } = useSession();
  const openPage = useOpenPage();
  const found = useGet(
    "/api/v1/dashboards/ready-made/{name}",
    { params: { path: { name } } },
    { keepPrevious: false, staleTime: Number.POSITIVE_INFINITY },
  );
  const spec = useMemo(() => found.data && whole(found.data.spec), [found.data]);
  const copy = useChange(
    (body: { name: string; spec: Spec }) =>
      unwrap(
        client.POST("/api/v1/dashboards/import", {
          body: { text: JSON.stringify(body.spec), name: body.name, dry_run: false },
        }),
      ),
    ["/api/v1/dashboards"],
  );
  if (!found.data || !spec) {
    return (
      <>
        <PageHeader title="Dashboard" />
        <QueryState query={found} height={400}>
          {() => null}
        </QueryState>
      </>
    );
  }
  const own = () =>
    copy.mutate(
      {
        name: `${found.data.name} of ${new Date().toISOString().slice(0, 19).replace("T", " ")}`,
        spec,
      },
      {
        onSuccess: (made) =>
          openPage(`/dashboards/${made.dashboard?.id}`, { search: { edit: "1" } }),
        onError: (error) => notifyError("No copy was made", error),
      },
    );
  return (
    <Board
      name={found.data.name}
      spec={spec}
      actions={
        can("catalog:write") && (
          <Button
            variant="default"
            leftSection={<IconCopy size={14} />}
            loading={copy.isPending}
            onClick={own}
          >
            Duplicate to edit
          </Button>
        )
      }
      note={
        <Text size="xs" c="dimmed">
          Ready-made. {spec.description}
        </Text>
      }
    />
  );
}
