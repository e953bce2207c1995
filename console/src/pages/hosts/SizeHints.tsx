import { Table } from "@mantine/core";
import { Listing } from "@/components/Listing";
import { StateMark } from "@/components/Standing";
import { Name } from "./EfficiencyTable";
import { findingOf, type Item, money, sizeText } from "./infra";

/** Whether sizes are right: what is found, by which evidence, what would do and what that saves. */
export function SizeHints({ items, currency }: { items: Item[]; currency: string }) {
  return (
    <Listing minWidth={860} columns={["Finding", "Name", "Evidence", "What would do", "Saves"]}>
      {items.map((item) => {
        const { advice } = item;
        if (!advice) return null;
        return (
          <Table.Tr key={`${item.account} ${item.id}`}>
            <Table.Td>
              <StateMark state={findingOf(advice)} />
              <div className="dimmed">{advice.confidence} confidence</div>
            </Table.Td>
            <Table.Td>
              <Name item={item} />
              <div className="dimmed">{item.machine_type}</div>
            </Table.Td>
            <Table.Td>
              {advice.reasons.map((reason) => (
                <div key={reason}>{reason}</div>
              ))}
            </Table.Td>
            <Table.Td>{sizeText(advice) || "–"}</Table.Td>
            <Table.Td>
              {advice.saving === null ? (
                "–"
              ) : (
                <>
                  {advice.saving < 0 && "costs more by "}
                  {money(Math.abs(advice.saving), currency)}
                  {item.kind !== "run" && " a month"}
                  <div className="dimmed">{advice.saving_by}</div>
                </>
              )}
            </Table.Td>
          </Table.Tr>
        );
      })}
    </Listing>
  );
}
