import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { keepTime } from "@/app/links";
import type { RawSearch } from "@/url/search";

/** Returns how to open a trace at a span, with the range that is shown now. */
export function useOpenTrace(): (traceId?: string, spanId?: string) => void {
  const navigate = useNavigate();
  return useCallback(
    (traceId, spanId) => {
      if (!traceId) return;
      const own: RawSearch = spanId ? { span: spanId } : {};
      void navigate({
        to: "/traces/$traceId",
        params: { traceId } as never,
        search: keepTime(own) as never,
      });
    },
    [navigate],
  );
}
