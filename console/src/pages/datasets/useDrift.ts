import { client, unwrap } from "@/api/client";
import { type GetOptions, useAsk } from "@/api/query";
import type { components } from "@/api/schema";

export type DriftView = components["schemas"]["DriftView"];

/** How far data of one range are from those of another. */
export function useDrift(dataset: string, body: unknown, options?: GetOptions) {
  return useAsk<DriftView>(
    ["/api/v1/datasets/drift", dataset, body],
    (signal) =>
      unwrap(
        client.POST("/api/v1/datasets/{dataset}/drift", {
          params: { path: { dataset } },
          body: body as never,
          signal,
        }),
      ),
    options,
  );
}
