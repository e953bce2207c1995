import { Kbd, Modal, Table } from "@mantine/core";
import { useActiveShortcuts } from "./shortcuts";

/** All shortcuts that hold at the moment. */
export default function ShortcutList({ onClose }: { onClose: () => void }) {
  const all = useActiveShortcuts();
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts">
      <Table>
        <Table.Tbody>
          <Row keys="Ctrl K" what="Go to a page, a time range or an action" />
          {all.map((item) => (
            <Row key={item.keys} {...item} />
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

function Row({ keys, what }: { keys: string; what: string }) {
  return (
    <Table.Tr>
      <Table.Td w={110}>
        {keys.split(" ").map((key) => (
          <Kbd key={key} size="sm" mr={4}>
            {key}
          </Kbd>
        ))}
      </Table.Td>
      <Table.Td>{what}</Table.Td>
    </Table.Tr>
  );
}
