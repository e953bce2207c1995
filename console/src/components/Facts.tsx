import type { ReactNode } from "react";
import classes from "./Facts.module.css";

interface FactsProps {
  /** Large, for numbers that are read first. */
  figures?: boolean;
  /** A look of its own instead. */
  className?: string;
  children: ReactNode;
}

/** What is known of one thing, fact by fact. */
export function Facts({ figures, className, children }: FactsProps) {
  const look = figures ? `${classes.facts} ${classes.figures}` : classes.facts;
  return <dl className={className ?? look}>{children}</dl>;
}

interface FactProps {
  name: ReactNode;
  bad?: boolean;
  children: ReactNode;
}

export function Fact({ name, bad, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={bad ? "bad" : undefined}>{children}</dd>
    </div>
  );
}
