/** Server-sent events out of a stream of text; a comment is no event. */

export interface ServerEvent {
  name: string;
  data: string;
}

/** Takes pieces as they come and gives back the events that are whole. */
export class EventParser {
  private rest = "";

  push(piece: string): ServerEvent[] {
    this.rest += piece.replaceAll("\r\n", "\n");
    const blocks = this.rest.split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.map(eventOf).filter((event) => event.data !== "");
  }
}

function eventOf(block: string): ServerEvent {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [field = "", ...value] = line.split(":");
    const text = value.join(":").replace(/^ /, "");
    if (field === "event") name = text;
    if (field === "data") data.push(text);
  }
  return { name, data: data.join("\n") };
}
