import { Text } from "@mantine/core";

/** A name, and who keeps what it names as code. */
export function OwnedName({ name, owner }: { name: string; owner: string }) {
  return (
    <>
      <strong>{name}</strong>
      {owner && (
        <Text size="xs" c="dimmed">
          as code by {owner}
        </Text>
      )}
    </>
  );
}
