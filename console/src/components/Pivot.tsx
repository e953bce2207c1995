import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { keepTime } from "@/app/links";
import classes from "./Pivot.module.css";

interface Props {
  to: string;
  params?: Record<string, string>;
  search?: Record<string, string>;
  children: ReactNode;
}

/** A way to another page with the range that is shown here. */
export function Pivot({ to, params, search, children }: Props) {
  return (
    <Link
      to={to}
      params={params as never}
      search={() => keepTime(search) as never}
      className={classes.pivot}
    >
      {children}
    </Link>
  );
}
