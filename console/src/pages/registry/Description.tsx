import { Button, Group, Textarea } from "@mantine/core";
import { useState } from "react";
import { Panel } from "@/components/Panel";
import classes from "./registry.module.css";

interface Props {
  title: string;
  text: string;
  disabled: boolean;
  saving: boolean;
  /** Calls `done` once it is kept. */
  onSave: (text: string, done: () => void) => void;
}

/** What somebody said of a model or a version, and what changes it. */
export function Description({ title, text, disabled, saving, onSave }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const close = () => setDraft(null);
  return (
    <Panel
      title={title}
      aside={
        !disabled &&
        draft === null && (
          <Button size="compact-xs" variant="default" onClick={() => setDraft(text)}>
            Edit
          </Button>
        )
      }
    >
      <div className={classes.pad}>
        {draft === null ? (
          <p className={classes.text}>{text || "Nobody has said it yet."}</p>
        ) : (
          <>
            <Textarea
              aria-label={title}
              autosize
              minRows={3}
              maxLength={5000}
              value={draft}
              onChange={(event) => setDraft(event.currentTarget.value)}
            />
            <Group mt="xs">
              <Button loading={saving} onClick={() => onSave(draft, close)}>
                Save
              </Button>
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
            </Group>
          </>
        )}
      </div>
    </Panel>
  );
}
