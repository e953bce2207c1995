import { ActionIcon, Button, Kbd, Menu, Text, Tooltip, useMantineColorScheme } from "@mantine/core";
import {
  IconDeviceDesktop,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { BASE } from "@/api/base";
import { asApiError } from "@/api/errors";
import { notifyError } from "@/components/notify";
import { PageLink } from "@/components/PageLink";
import { useSession } from "@/session/SessionProvider";
import classes from "./Frame.module.css";
import { keepTime } from "./links";
import { PAGES, type PageSpec, SECTIONS } from "./pages";
import { showShortcuts } from "./Shortcuts";

const AccountSwitcher = lazy(() => import("./AccountSwitcher"));

async function openPalette(): Promise<void> {
  const { spotlight } = await import("@mantine/spotlight");
  spotlight.open();
}

/** Pages that the caller may open, by section. */
export function usePages(): readonly PageSpec[] {
  const { can } = useSession();
  return PAGES.filter((page) => !page.permission || can(page.permission));
}

export function Mark() {
  return (
    <PageLink to="/" className={classes.mark}>
      <img src={`${BASE}/icon.svg`} width={22} height={22} alt="" />
      Vedette
    </PageLink>
  );
}

export function Navigation({ onGo }: { onGo: () => void }) {
  const pages = usePages().filter((page) => page.nav);
  const { session } = useSession();
  return (
    <>
      <div className={classes.top}>
        <Mark />
        {session.accounts.length > 1 && (
          <Suspense>
            <AccountSwitcher />
          </Suspense>
        )}
        <Button
          variant="default"
          className={classes.search}
          leftSection={<IconSearch size={14} />}
          rightSection={<Kbd size="xs">Ctrl K</Kbd>}
          onClick={() => void openPalette()}
          fullWidth
        >
          Go to…
        </Button>
      </div>
      <nav className={classes.nav} aria-label="Pages">
        {SECTIONS.map((section) => {
          const inside = pages.filter((page) => page.nav?.section === section);
          if (!inside.length) return null;
          return (
            <div key={section}>
              {section !== "Overview" && <div className={classes.section}>{section}</div>}
              {inside.map((page) => (
                <NavigationLink key={page.path} page={page} onGo={onGo} />
              ))}
            </div>
          );
        })}
      </nav>
      <div className={classes.bottom}>
        <UserMenu />
        <div>
          <Tooltip label="Keyboard shortcuts (?)">
            <ActionIcon aria-label="Keyboard shortcuts" onClick={showShortcuts}>
              <IconKeyboard size={17} />
            </ActionIcon>
          </Tooltip>
          <SchemeMenu />
        </div>
      </div>
    </>
  );
}

function NavigationLink({ page, onGo }: { page: PageSpec; onGo: () => void }) {
  const Icon = page.nav?.icon;
  return (
    <Link
      to={page.path}
      search={() => keepTime() as never}
      className={classes.link}
      onClick={onGo}
      activeOptions={{ exact: page.path === "/", includeSearch: false }}
      title={page.shortcut ? `g ${page.shortcut}` : undefined}
    >
      {Icon && <Icon size={16} stroke={1.7} aria-hidden />}
      {page.title}
    </Link>
  );
}

function UserMenu() {
  const { session, signOut } = useSession();
  const anonymous = session.identity.type === "Anonymous";
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      notifyError("Signing out failed", asApiError(error));
    }
  };
  return (
    <Menu position="top-start">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px={6}
          leftSection={<IconUser size={16} />}
          className={classes.who}
          title={session.identity.display_name}
        >
          {session.identity.display_name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="xs">
            {session.identity.name} in {session.account}
          </Text>
        </Menu.Label>
        {session.expires && (
          <Menu.Label>Until {new Date(session.expires).toLocaleString("sv-SE")}</Menu.Label>
        )}
        {anonymous ? (
          <Menu.Label>Nobody needs to sign in here yet</Menu.Label>
        ) : (
          <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void leave()}>
            Sign out
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

const SCHEMES = [
  { value: "light", label: "Light", Icon: IconSun },
  { value: "dark", label: "Dark", Icon: IconMoon },
  { value: "auto", label: "As the system", Icon: IconDeviceDesktop },
] as const;

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = SCHEMES.find(({ value }) => value === colorScheme)?.Icon ?? IconSun;
  return (
    <Menu position="top-end">
      <Menu.Target>
        <ActionIcon aria-label="Colour scheme">
          <Current size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(({ value, label, Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={15} />}
            onClick={() => setColorScheme(value)}
            aria-current={value === colorScheme || undefined}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
