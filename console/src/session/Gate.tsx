import { Button, Center, Loader, Paper, Stack, Title } from "@mantine/core";
import { lazy, type ReactNode, Suspense } from "react";
import { ErrorPanel } from "@/components/QueryState";
import { useSessionState } from "./SessionProvider";

const SignIn = lazy(() => import("./SignIn"));
const Ended = lazy(() => import("./Ended"));

/** Lets in who is signed in; where a session ends, asks again over the page, which stays. */
export function Gate({ children }: { children: ReactNode }) {
  const { status, ended, error, retry } = useSessionState();
  if (status === "loading") {
    return (
      <Center h="100vh" aria-busy="true" role="status" aria-label="Loading the console">
        <Loader size="sm" />
      </Center>
    );
  }
  if (status === "open") {
    return (
      <>
        {children}
        {ended && (
          <Suspense>
            <Ended />
          </Suspense>
        )}
      </>
    );
  }
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper p="xl" w="100%" maw={400} withBorder>
        <Stack gap="lg">
          <Title order={1} size="h2" ta="center">
            Vedette
          </Title>
          {error && <ErrorPanel error={error} />}
          {error && error.status !== 401 ? (
            <Button onClick={retry}>Try again</Button>
          ) : (
            <Suspense fallback={<Loader size="sm" />}>
              <SignIn />
            </Suspense>
          )}
        </Stack>
      </Paper>
    </Center>
  );
}
