const FRAGMENT = /^#sign-in=([\w.~-]{1,256})$/;

/**
 * The token of a sign-in link (`#sign-in=…`), taken out of the address at once: it must neither
 * stay in the history nor be copied with the address.
 */
export function takeLinkToken(): string | null {
  const token = FRAGMENT.exec(location.hash)?.[1] ?? null;
  if (location.hash.startsWith("#sign-in=")) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return token;
}
