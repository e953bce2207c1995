import { useCallback } from "react";
import { useOpenPage } from "@/app/useOpenPage";
import type { RawSearch } from "@/url/search";

/** Returns how to open a trace at a span, with the range that is shown now. */
export function useOpenTrace(): (traceId?: string, spanId?: string) => void {
  const openPage = useOpenPage();
  return useCallback(
    (traceId, spanId) => {
      if (!traceId) return;
      const own: RawSearch = spanId ? { span: spanId } : {};
      openPage("/traces/$traceId", { params: { traceId }, search: own });
    },
    [openPage],
  );
}
