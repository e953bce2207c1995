import { Button, Stack, Text } from "@mantine/core";
import type { components } from "@/api/schema";
import { Snippet } from "@/components/QueryState";
import classes from "./settings.module.css";

interface Props {
  made: components["schemas"]["NewKey"];
  onSeen: () => void;
}

/** The text of a new key, which the server cannot show again. */
export function NewKeyText({ made, onSeen }: Props) {
  return (
    <div className={classes.pad}>
      <Stack gap="xs" className={classes.secret} role="status">
        <Text size="sm" fw={600}>
          The key "{made.name}". It is shown only this once: copy it now.
        </Text>
        <Snippet text={made.key} />
        <Button variant="default" onClick={onSeen} style={{ alignSelf: "start" }}>
          I have it
        </Button>
      </Stack>
    </div>
  );
}
