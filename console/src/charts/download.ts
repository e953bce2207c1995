import { saveAs } from "@/api/download";

/** Save a text as a file of the browser's downloads; the name may come from telemetry. */
export function saveText(name: string, text: string, type = "text/csv"): void {
  saveAs(new Blob([text], { type }), name.replace(/[^\w.() -]+/g, "_"));
}
