import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import { BASE } from "@/api/base";
import { parseSearch, type RawSearch, stringifySearch } from "@/url/search";
import { Frame } from "./Frame";
import { NotFound, PageFailure } from "./failures";
import { PAGES, type PageSpec } from "./pages";

const rootRoute = createRootRoute({
  validateSearch: (search: Record<string, unknown>) => search as RawSearch,
  component: () => (
    <Frame>
      <Outlet />
    </Frame>
  ),
  notFoundComponent: NotFound,
});

const routeOf = (page: PageSpec) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path: page.path,
    component: lazyRouteComponent(page.load),
    errorComponent: PageFailure,
  });

export const router = createRouter({
  routeTree: rootRoute.addChildren(PAGES.map(routeOf)),
  basepath: BASE || "/",
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: PageFailure,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

/** Begin to load the code of the page that the address names. */
export function loadPage(): void {
  const match = router.matchRoutes(router.latestLocation).at(-1);
  const page = PAGES.find((one) => one.path === match?.fullPath);
  // Where it fails the page says so, when it is shown.
  page?.load().catch(() => undefined);
}
