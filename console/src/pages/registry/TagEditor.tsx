import { ActionIcon, Button, Group, Table, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import classes from "./registry.module.css";

interface Props {
  tags: Readonly<Record<string, string>>;
  disabled: boolean;
  /** Tags to be set, and null for one to be taken away. */
  onChange: (tags: Record<string, string | null>) => void;
}

/** Tags with what sets and removes them. */
export function TagEditor({ tags, disabled, onChange }: Props) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange({ [key.trim()]: value });
    setKey("");
    setValue("");
  };
  return (
    <Panel title={`Tags (${Object.keys(tags).length})`}>
      <div className={classes.pad}>
        <Listing wrap>
          {Object.entries(tags).map(([name, text]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={500}>
                {name}
              </Table.Th>
              <Table.Td>{text}</Table.Td>
              {!disabled && (
                <Table.Td w={30}>
                  <ActionIcon
                    size="sm"
                    aria-label={`Take the tag ${name} away`}
                    onClick={() => onChange({ [name]: null })}
                  >
                    <IconTrash size={13} />
                  </ActionIcon>
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Listing>
        {!disabled && (
          <form onSubmit={submit}>
            <Group gap={6} mt="xs" wrap="nowrap">
              <TextInput
                aria-label="Tag"
                placeholder="tag"
                maxLength={250}
                value={key}
                onChange={(event) => setKey(event.currentTarget.value)}
              />
              <TextInput
                aria-label="Value of the tag"
                placeholder="value"
                value={value}
                onChange={(event) => setValue(event.currentTarget.value)}
              />
              <Button type="submit" variant="default" disabled={!key.trim()}>
                Set
              </Button>
            </Group>
          </form>
        )}
      </div>
    </Panel>
  );
}
