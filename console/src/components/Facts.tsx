import type { ReactNode } from "react";
import classes from "./Facts.module.css";

interface FactsProps {
  /** Large, for numbers that are read first; larger where there is nothing else. */
  figures?: boolean | "first";
  /** A look of its own instead. */
  className?: string;
  children: ReactNode;
}

/** What is known of one thing, fact by fact. */
export function Facts({ figures, className, children }: FactsProps) {
  const large = figures && (figures === "first" ? classes.first : classes.figures);
  const look = large ? `${classes.facts} ${large}` : classes.facts;
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
