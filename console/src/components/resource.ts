const escaped = (name: string) => name.replaceAll("%", "%25").replaceAll("/", "%2F");

/** The identity of an entity, account/kind/name or account/kind/name/version, as pages name it. */
export const resourceOf = (
  account: string,
  kind: string,
  name: string,
  version?: string | number,
) => [account, kind, escaped(name), ...(version === undefined ? [] : [`${version}`])].join("/");
