import { Group, Title } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { TimeControls } from "@/time/TimeControls";
import classes from "./PageHeader.module.css";

const SavedViews = lazy(() => import("./SavedViews"));

interface Props {
  title: string;
  /** Beside the title, such as a count. */
  aside?: ReactNode;
  /** Buttons of the page, before the time range. */
  actions?: ReactNode;
  /** Pages that show no time range leave its controls out. */
  time?: boolean;
}

export function PageHeader({ title, aside, actions, time = true }: Props) {
  useEffect(() => {
    document.title = `${title} · Vedette`;
  }, [title]);
  return (
    <header className={classes.header}>
      <Group gap="sm" className={classes.title}>
        <Title order={1} size="h4" tabIndex={-1} id="page-title" className="one-line">
          {title}
        </Title>
        {aside}
      </Group>
      <Group gap={6} className={classes.controls}>
        {time && (
          <Suspense>
            <SavedViews />
          </Suspense>
        )}
        {actions}
        {time && <TimeControls />}
      </Group>
    </header>
  );
}
