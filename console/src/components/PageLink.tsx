import { Link } from "@tanstack/react-router";
import type { ComponentProps } from "react";
import { keepTime } from "@/app/links";
import { parseSearch, type RawSearch } from "@/url/search";

export interface PageLinkProps extends Omit<ComponentProps<"a">, "href"> {
  to: string;
  params?: Record<string, string>;
  search?: RawSearch;
}

/** A link to another page with the range that is shown here. */
export function PageLink({ to, params, search, ...rest }: PageLinkProps) {
  return (
    <Link {...rest} to={to} params={params as never} search={() => keepTime(search) as never} />
  );
}

interface AddressLinkProps {
  /** A page's address as the server gives it, such as `/logs?q=a`; plain text where it is empty. */
  address: string;
  children: string;
}

/** A link to what the server points to. */
export function AddressLink({ address, children }: AddressLinkProps) {
  if (!address) return <>{children}</>;
  const [path = "/", search = ""] = address.split("?");
  return (
    <PageLink to={path} search={parseSearch(`?${search}`)}>
      {children}
    </PageLink>
  );
}
