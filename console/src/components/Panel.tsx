import { Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import classes from "./Panel.module.css";

interface Props {
  title: string;
  /** Behind the title: a count, a link to more. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A bordered part of a page with a heading. */
export function Panel({ title, aside, children }: Props) {
  const id = useId();
  return (
    <section className={`panel ${classes.panel}`} aria-labelledby={id}>
      <div className={classes.head}>
        <Title order={2} size="h6" id={id}>
          {title}
        </Title>
        {aside}
      </div>
      {children}
    </section>
  );
}
