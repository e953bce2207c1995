import { Button } from "@mantine/core";
import type { useChange } from "@/api/query";
import { Confirm } from "./Confirm";
import { notifyError } from "./notify";

interface Props {
  /** What it is: `route`. */
  what: string;
  name: string;
  /** What deleting it will bring. */
  question: string;
  remove: ReturnType<typeof useChange<string>>;
  onEdit: () => void;
}

/** The buttons that change or end one of a list. */
export function EditDelete({ what, name, question, remove, onEdit }: Props) {
  return (
    <>
      <Button variant="default" size="compact-xs" onClick={onEdit}>
        Edit
      </Button>
      <Confirm
        label="Delete"
        question={question}
        confirm={`Delete the ${what}`}
        onConfirm={() =>
          remove.mutate(name, {
            onError: (error) => notifyError(`The ${what} was not deleted`, error),
          })
        }
      />
    </>
  );
}
