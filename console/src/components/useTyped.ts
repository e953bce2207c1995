import { type Dispatch, type SetStateAction, useState } from "react";

/** A text while it is typed; it follows the value that is kept, where that changes. */
export function useTyped(value: string): [string, Dispatch<SetStateAction<string>>] {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setTyped(value);
  }
  return [typed, setTyped];
}
