import { TextInput } from "@mantine/core";
import { useTimeRange } from "@/time/TimeProvider";

interface Props {
  start: string;
  onStart: (text: string) => void;
  end: string;
  onEnd: (text: string) => void;
}

/** From when until when something is so, in the time zone that is shown. */
export function Period({ start, onStart, end, onEnd }: Props) {
  const { timezone } = useTimeRange();
  return (
    <>
      <TextInput
        label="From"
        placeholder="now"
        description={timezone}
        w={170}
        value={start}
        onChange={(event) => onStart(event.currentTarget.value)}
      />
      <TextInput
        label="Until"
        required
        placeholder="2026-12-24 18:00"
        description={timezone}
        w={170}
        value={end}
        onChange={(event) => onEnd(event.currentTarget.value)}
      />
    </>
  );
}
