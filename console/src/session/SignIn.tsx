import { Button, Divider, PasswordInput, Stack, Tabs, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { BASE } from "@/api/base";
import { asApiError } from "@/api/errors";
import { type Credentials, useSessionState } from "./SessionProvider";

interface Provider {
  id: string;
  name: string;
  /** Path that begins the sign-in there. */
  start: string;
}

/** The form that signs in, alone on its page or over the page of a session that ended. */
export default function SignIn() {
  const { signIn } = useSessionState();
  const [kind, setKind] = useState<string | null>("password");
  const [login, setLogin] = useState("");
  const [secret, setSecret] = useState("");
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const given: Credentials =
      kind === "password" ? { login, password: secret } : { api_key: secret.trim() };
    setWaiting(true);
    setProblem(null);
    try {
      await signIn(given);
      setSecret("");
    } catch (error) {
      const { message, remedy } = asApiError(error);
      setProblem(remedy ? `${message}; ${remedy}` : message);
    } finally {
      setWaiting(false);
    }
  };

  const choose = (next: string | null) => {
    setKind(next);
    setSecret("");
    setProblem(null);
  };
  return (
    <Stack gap="md">
      <Providers />
      <Tabs value={kind} onChange={choose}>
        <Tabs.List grow>
          <Tabs.Tab value="password">Password</Tabs.Tab>
          <Tabs.Tab value="key">API key</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="sm">
          {kind === "password" && (
            <TextInput
              label="Login"
              name="username"
              size="sm"
              autoComplete="username"
              required
              value={login}
              onChange={(event) => setLogin(event.currentTarget.value)}
            />
          )}
          <PasswordInput
            key={kind}
            label={kind === "password" ? "Password" : "API key"}
            name={kind === "password" ? "password" : "api-key"}
            autoComplete={kind === "password" ? "current-password" : "off"}
            required
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
          {problem && (
            <Text role="alert" size="sm" c="var(--v-critical)">
              {problem}
            </Text>
          )}
          <Button type="submit" size="sm" loading={waiting} fullWidth>
            Sign in
          </Button>
        </Stack>
      </form>
      <Text size="xs" c="dimmed">
        No password yet? On the server, <code>vedette sign-in</code> prints a link that signs this
        browser in.
      </Text>
    </Stack>
  );
}

function Providers() {
  const { data } = useQuery<Provider[]>({
    queryKey: ["session", "providers"],
    queryFn: async () => {
      const answer = await fetch(`${BASE}/api/v1/session/providers`);
      return answer.ok ? ((await answer.json()) as { providers: Provider[] }).providers : [];
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (!data?.length) return null;
  const back = encodeURIComponent(location.pathname.slice(BASE.length) + location.search);
  return (
    <>
      <Stack gap="xs">
        {data.map((provider) => (
          <Button
            key={provider.id}
            component="a"
            size="sm"
            variant="default"
            href={`${BASE}${provider.start}?return_to=${back}`}
          >
            Continue with {provider.name}
          </Button>
        ))}
      </Stack>
      <Divider label="or" />
    </>
  );
}
