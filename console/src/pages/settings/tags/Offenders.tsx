import { Anchor, Checkbox, Table, Text } from "@mantine/core";
import type { components } from "@/api/schema";
import { Listing } from "@/components/Listing";
import classes from "../settings.module.css";

type Offence = components["schemas"]["OffenceView"];

interface Props {
  offences: readonly Offence[];
  chosen: ReadonlySet<string>;
  onChosen: (chosen: ReadonlySet<string>) => void;
  onResource: (resource: string) => void;
}

/** Resources with what is wrong with their tags; those that are ticked are changed together. */
export function Offenders({ offences, chosen, onChosen, onResource }: Props) {
  const all = new Set(offences.map((one) => one.resource));
  const ticked = [...all].filter((one) => chosen.has(one)).length;
  const toggle = (resource: string) => {
    const next = new Set(chosen);
    if (!next.delete(resource)) next.add(resource);
    onChosen(next);
  };
  return (
    <Listing
      minWidth={640}
      dimHead
      columns={[
        {
          w: 30,
          children: (
            <Checkbox
              size="xs"
              aria-label="All that are listed"
              checked={ticked === all.size}
              indeterminate={ticked > 0 && ticked < all.size}
              onChange={() => onChosen(ticked === all.size ? new Set() : all)}
            />
          ),
        },
        "Resource",
        "Policy",
        "What is wrong",
        "Tags",
      ]}
    >
      {offences.map((one) => (
        <Table.Tr key={`${one.policy} ${one.resource}`}>
          <Table.Td>
            <Checkbox
              size="xs"
              aria-label={`${one.resource}, ${one.policy}`}
              checked={chosen.has(one.resource)}
              onChange={() => toggle(one.resource)}
            />
          </Table.Td>
          <Table.Td>
            <Anchor
              component="button"
              size="sm"
              ta="left"
              className={classes.breaking}
              onClick={() => onResource(one.resource)}
            >
              {one.resource}
            </Anchor>
          </Table.Td>
          <Table.Td>{one.policy}</Table.Td>
          <Table.Td>
            {one.problems.map((problem) => (
              <div key={problem}>{problem}</div>
            ))}
          </Table.Td>
          <Table.Td>
            <Text size="xs" c="dimmed" className={classes.breaking}>
              {Object.entries(one.tags)
                .map(([key, value]) => `${key}=${value}`)
                .join(", ") || "none"}
            </Text>
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
