import { Select } from "@mantine/core";

const ENDS = [
  { value: "", label: "never" },
  { value: "7", label: "in 7 days" },
  { value: "30", label: "in 30 days" },
  { value: "90", label: "in 90 days" },
  { value: "365", label: "in a year" },
];

interface Props {
  /** Days from now; nothing is never. */
  value: string;
  onChange: (days: string) => void;
}

/** When a key or an account ends. */
export function EndSelect({ value, onChange }: Props) {
  return (
    <Select
      label="It ends"
      data={ENDS}
      value={value}
      onChange={(next) => onChange(next ?? "")}
      allowDeselect={false}
      w={120}
    />
  );
}

/** The moment that many days from now; nothing is never. */
export const endOf = (days: string): string | null =>
  days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null;
