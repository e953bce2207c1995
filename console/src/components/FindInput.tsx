import { TextInput, type TextInputProps } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";

interface Props extends Omit<TextInputProps, "label" | "onChange"> {
  /** What is searched, and by what, for who does not see the magnifying glass. */
  label: string;
  onFind: (text: string) => void;
}

/** A search by name in what a page lists. */
export function FindInput({ label, onFind, ...rest }: Props) {
  return (
    <TextInput
      {...rest}
      aria-label={label}
      leftSection={<IconSearch size={14} />}
      onChange={(event) => onFind(event.currentTarget.value)}
    />
  );
}
