import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { keepTime } from "@/app/links";
import { usePages } from "@/app/Navigation";
import { PageHeader } from "@/components/PageHeader";
import classes from "./settings.module.css";

interface Props {
  title: string;
  /** Pages whose content has a time. */
  time?: boolean;
  actions?: ReactNode;
  children: ReactNode;
}

/** What the pages of the settings share: the way from one to the other. */
export function SettingsFrame({ title, time = false, actions, children }: Props) {
  const pages = usePages().filter((page) => page.path.startsWith("/settings"));
  return (
    <>
      <PageHeader title={title} time={time} actions={actions} />
      <nav className={classes.tabs} aria-label="Settings">
        {pages.map((page) => (
          <Link
            key={page.path}
            to={page.path}
            search={() => keepTime() as never}
            className={classes.tab}
            activeOptions={{ exact: true, includeSearch: false }}
          >
            {page.path === "/settings" ? "Me" : page.title}
          </Link>
        ))}
      </nav>
      <div className={classes.page}>{children}</div>
    </>
  );
}
