import { PageLink, type PageLinkProps } from "./PageLink";
import classes from "./Pivot.module.css";

/** A way to look at the same from another page. */
export function Pivot(props: PageLinkProps) {
  return <PageLink {...props} className={classes.pivot} />;
}
