import { Select } from "@mantine/core";
import { useSession } from "@/session/SessionProvider";

/** Chooses the account that is shown. */
export default function AccountSwitcher() {
  const { session, switchAccount } = useSession();
  return (
    <Select
      aria-label="Account"
      data={session.accounts.map((account) => ({
        value: account.name,
        label: account.display_name,
      }))}
      value={session.account}
      allowDeselect={false}
      searchable={session.accounts.length > 8}
      onChange={(name) => name && name !== session.account && switchAccount(name)}
    />
  );
}
