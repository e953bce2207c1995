import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { client, credentials, onSessionEnded, unwrap } from "@/api/client";
import { type ApiError, asApiError } from "@/api/errors";
import { queryClient } from "@/api/query";
import type { components } from "@/api/schema";
import { notifyError } from "@/components/notify";
import { takeLinkToken } from "./link";

export type Session = components["schemas"]["SessionView"];
export type Credentials = components["schemas"]["Credentials"];

const SESSION_KEY = ["session"] as const;
const ACCOUNT_PARAM = "account";

export interface SessionContext {
  session: Session;
  can(permission: string): boolean;
  /** Act in another account; everything is asked again. */
  switchAccount(name: string): void;
  signOut(): Promise<void>;
}

export interface SessionState {
  status: "loading" | "signed-out" | "failed" | "open";
  /** Signed in before, and the session has ended since. */
  ended: boolean;
  error: ApiError | null;
  context: SessionContext | null;
  signIn(given: Credentials): Promise<void>;
  /** Go on with a session that the server has just opened. */
  adopt(session: Session): void;
  retry(): void;
}

const Context = createContext<SessionState | null>(null);

async function openSession(): Promise<Session | null> {
  const token = takeLinkToken();
  try {
    if (token) {
      return await unwrap(client.POST("/api/v1/session", { body: { link_token: token } }));
    }
    return await unwrap(client.GET("/api/v1/session"));
  } catch (error) {
    const told = asApiError(error);
    if (told.status === 401 && !token) return null;
    if (told.status !== 403 || !credentials.account) throw told;
    // The address names an account that is not the caller's: the caller's own is shown instead.
    forgetAccount();
    notifyError(told.message, new Error("your own account is shown instead"));
    return openSession();
  }
}

function adopt(session: Session | null): Session | null {
  credentials.csrfToken = session?.csrf_token ?? null;
  return session;
}

/** Who is signed in. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [ended, setEnded] = useState(false);
  const query = useQuery<Session | null, ApiError>({
    queryKey: SESSION_KEY,
    queryFn: async () => adopt(await openSession()),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  useEffect(() => onSessionEnded(() => setEnded(true)), []);

  const value = useMemo<SessionState>(() => {
    const put = (session: Session | null) => queryClient.setQueryData(SESSION_KEY, adopt(session));
    const signIn = async (given: Credentials) => {
      credentials.csrfToken = null;
      const session = await unwrap(client.POST("/api/v1/session", { body: given }));
      put(session);
      setEnded(false);
      void queryClient.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] !== "session",
      });
    };
    const signOut = async () => {
      await unwrap(client.DELETE("/api/v1/session"));
      queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      setEnded(false);
      put(null);
    };
    const session = query.data ?? null;
    return {
      status: query.isPending
        ? "loading"
        : query.error
          ? "failed"
          : session
            ? "open"
            : "signed-out",
      ended: ended && session !== null,
      error: query.error,
      context: session && { session, can: (name) => can(session, name), switchAccount, signOut },
      signIn,
      adopt: put,
      retry: () => void query.refetch(),
    };
  }, [query, ended]);
  return <Context value={value}>{children}</Context>;
}

function can(session: Session, permission: string): boolean {
  // What holds for tagged resources alone is offered, too: the server says where the tag is missing.
  return (
    (session.permissions as readonly string[]).includes(permission) ||
    (session.limited ?? []).some((one) => one.permission === permission)
  );
}

/** The account is part of the address, so that a copied link opens the same data. */
function switchAccount(name: string): void {
  const address = new URL(location.href);
  address.searchParams.set(ACCOUNT_PARAM, name);
  location.assign(address);
}

function forgetAccount(): void {
  credentials.account = null;
  const address = new URL(location.href);
  address.searchParams.delete(ACCOUNT_PARAM);
  history.replaceState(history.state, "", address);
}

/** Take the account from the address before the first request goes out. */
export function accountOfAddress(): string | null {
  const name = new URLSearchParams(location.search).get(ACCOUNT_PARAM);
  return name && /^[a-z0-9-]{1,63}$/.test(name) ? name : null;
}

export function useSessionState(): SessionState {
  const value = useContext(Context);
  if (!value) throw new Error("useSessionState is used outside of SessionProvider");
  return value;
}

export function useSession(): SessionContext {
  const { context } = useSessionState();
  if (!context) throw new Error("useSession is used where nobody is signed in");
  return context;
}
