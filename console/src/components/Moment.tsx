import { formatAgo } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";

/** A moment of an answer in the time zone that is shown. */
export function Moment({ at, ago = false }: { at: string | null | undefined; ago?: boolean }) {
  const { format } = useTimeRange();
  if (!at) return <>–</>;
  const moment = Date.parse(at);
  return (
    <time dateTime={at} title={ago ? format(moment) : at} style={{ whiteSpace: "nowrap" }}>
      {ago ? formatAgo(moment, Date.now()) : format(moment)}
    </time>
  );
}
