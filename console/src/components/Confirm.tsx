import { Button, Text } from "@mantine/core";
import { PopoverButton } from "./PopoverButton";

interface Props {
  label: string;
  /** What will happen. */
  question: string;
  confirm: string;
  busy?: boolean;
  onConfirm: () => void;
}

/** A button that asks once more before something ends that cannot be had again. */
export function Confirm({ label, question, confirm, busy, onConfirm }: Props) {
  return (
    <PopoverButton label={label} width={260} loading={busy}>
      {(close) => (
        <>
          <Text size="sm">{question}</Text>
          <Button
            color="red"
            onClick={() => {
              close();
              onConfirm();
            }}
          >
            {confirm}
          </Button>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
        </>
      )}
    </PopoverButton>
  );
}
