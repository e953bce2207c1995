import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Remarks } from "@/components/Remarks";

const PATH = "/api/v1/alarms/{alarm}/comments";

/** What people say about the alarm. */
export function Comments({ id }: { id: string }) {
  const path = { alarm: id };
  const query = useGet(PATH, { params: { path, query: { limit: 100 } } });
  const add = useChange(
    (text: string) => unwrap(client.POST(PATH, { params: { path }, body: { text } })),
    [PATH],
  );
  return (
    <Remarks
      title="Comments"
      label="Comment"
      button="Comment"
      query={query}
      remarks={(data) => data.comments}
      add={add}
    />
  );
}
