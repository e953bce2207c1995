import { Alert, AppShell, Burger, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useRef } from "react";
import { ValueMenuProvider } from "@/components/ValueMenu";
import { TimeProvider } from "@/time/TimeProvider";
import type { RawSearch } from "@/url/search";
import { useUrlNotices } from "@/url/state";
import classes from "./Frame.module.css";
import { Mark, Navigation } from "./Navigation";
import { Shortcuts } from "./Shortcuts";

const Palette = lazy(() => import("./Palette"));

/** What stands around every page. */
export function Frame({ children }: { children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  // A dashboard on a wall, or within another page: nothing around it.
  const kiosk = useRouterState({
    select: (state) => (state.location.search as RawSearch).kiosk === "1",
  });
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    close();
    // A screen reader hears where it is now; the focus is not left on a link that is gone.
    document.getElementById("page-title")?.focus({ preventScroll: true });
  }, [path, close]);
  return (
    <TimeProvider>
      <ValueMenuProvider>
        <button type="button" className={classes.skip} onClick={toMain}>
          Skip to the content
        </button>
        <AppShell
          navbar={{
            width: "var(--v-nav-width)",
            breakpoint: "sm",
            collapsed: { mobile: !opened || kiosk, desktop: kiosk },
          }}
          header={{ height: { base: kiosk ? 0 : 44, sm: 0 } }}
          padding={0}
        >
          <AppShell.Header className={classes.header} hiddenFrom="sm" hidden={kiosk}>
            <Group h="100%" px="xs" gap="xs">
              <Burger
                opened={opened}
                onClick={toggle}
                size="sm"
                aria-label={opened ? "Close the navigation" : "Open the navigation"}
                aria-expanded={opened}
              />
              <Mark />
            </Group>
          </AppShell.Header>
          <AppShell.Navbar className={classes.navbar}>
            {!kiosk && <Navigation onGo={close} />}
          </AppShell.Navbar>
          <AppShell.Main className={classes.main} id="main" tabIndex={-1}>
            <AddressNotice />
            {children}
          </AppShell.Main>
        </AppShell>
        <Suspense>
          <Palette />
        </Suspense>
        <Shortcuts />
      </ValueMenuProvider>
    </TimeProvider>
  );
}

// No link: a fragment resolves against the page's base, not its address, and would leave the page.
function toMain() {
  document.getElementById("main")?.focus();
}

/** Says what of the address makes no sense; the page shows its defaults instead. */
function AddressNotice() {
  const notices = useUrlNotices();
  if (!notices.length) return null;
  return (
    <Alert
      role="status"
      color="yellow"
      variant="light"
      m="xs"
      py={6}
      icon={<IconAlertTriangle size={16} />}
      title="Some of the address could not be used; the default is shown instead"
    >
      {notices.map(({ param, reason }) => (
        <div key={param}>
          <code>{param}</code>: {reason}
        </div>
      ))}
    </Alert>
  );
}
