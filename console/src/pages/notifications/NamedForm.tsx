import { Button, TextInput } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import type { useChange } from "@/api/query";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { ErrorPanel } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";

interface Props<Out> {
  /** What it makes: `route`. */
  what: string;
  /** What is changed; null where a new one is made. */
  edited: { name: string } | null;
  name: string;
  onName: (name: string) => void;
  put: ReturnType<typeof useChange<void, Out>>;
  disabled?: boolean;
  /** Said once it is kept. */
  kept: string;
  onKept: () => void;
  onCancel: () => void;
  /** Said below the form. */
  remark?: ReactNode;
  /** The inputs after the name. */
  children: ReactNode;
}

/** Makes or changes what is kept by its name, which stays as it was made. */
export function NamedForm<Out>(props: Props<Out>) {
  const { what, edited, name, onName, put, disabled, kept, onKept, onCancel, remark } = props;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate(undefined, {
      onSuccess: () => {
        notifyDone(kept);
        onKept();
      },
    });
  };
  return (
    <Panel title={edited ? `Edit ${edited.name}` : `Make a ${what}`}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="Name"
          required
          w={180}
          maxLength={255}
          disabled={edited !== null}
          value={name}
          onChange={(event) => onName(event.currentTarget.value)}
        />
        {props.children}
        <Button type="submit" loading={put.isPending} disabled={disabled}>
          {edited ? `Save the ${what}` : `Make the ${what}`}
        </Button>
        {edited && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </form>
      {remark}
      {put.error && <ErrorPanel error={put.error} />}
    </Panel>
  );
}
