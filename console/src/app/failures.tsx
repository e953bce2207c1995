import { Button, Group, Stack, Text, Title } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { BASE } from "@/api/base";
import { ErrorPanel } from "@/components/QueryState";

/** A page that failed to load or to draw; the frame around it keeps working. */
export function PageFailure({ error, reset }: ErrorComponentProps) {
  const outdated = /dynamically imported module|module script/i.test(String(error));
  return (
    <Stack p="lg" maw={720}>
      <Title order={2} size="h3">
        {outdated ? "The console was updated" : "This page failed"}
      </Title>
      {outdated ? (
        <Text>The server now serves another version than the one in this window.</Text>
      ) : (
        <ErrorPanel error={error} />
      )}
      <Group>
        <Button onClick={() => location.reload()}>Load it anew</Button>
        {!outdated && (
          <Button variant="default" onClick={reset}>
            Try again
          </Button>
        )}
      </Group>
    </Stack>
  );
}

export function NotFound() {
  return (
    <Stack p="lg" maw={720}>
      <Title order={2} size="h3">
        There is no such page
      </Title>
      <Text>The address is wrong, or the page is not part of this version.</Text>
      <Group>
        <Button component="a" href={`${BASE}/`}>
          To the start page
        </Button>
      </Group>
    </Stack>
  );
}
