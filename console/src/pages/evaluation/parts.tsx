import { Button } from "@mantine/core";
import { useState } from "react";
import type { components } from "@/api/schema";
import { PageLink } from "@/components/PageLink";
import training from "@/pages/training/training.module.css";
import { asText } from "./text";

type Experiment = components["schemas"]["EvaluationExperimentView"];

const SHOWN = 400;

/** Links to the experiments that something is for. */
export function Experiments({ of }: { of: readonly Experiment[] }) {
  if (of.length === 0) return <>–</>;
  return of.map((one, place) => (
    <span key={one.id}>
      {place > 0 && ", "}
      <PageLink to="/experiments/$experiment" params={{ experiment: one.id }} className="link">
        {one.name}
      </PageLink>
    </span>
  ));
}

/** A value of JSON; of a long one the beginning, until the rest is asked for. */
export function Value({ of }: { of: unknown }) {
  const [open, setOpen] = useState(false);
  const text = asText(of);
  if (!text) return <>–</>;
  return (
    <>
      <div className={training.at}>{open ? text : text.slice(0, SHOWN)}</div>
      {text.length > SHOWN && (
        <Button
          size="compact-xs"
          variant="subtle"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Less" : `All ${text.length.toLocaleString("en")} characters`}
        </Button>
      )}
    </>
  );
}
