import { Link } from "@tanstack/react-router";
import type { ComponentProps } from "react";
import { keepTime } from "@/app/links";
import type { RawSearch } from "@/url/search";

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
