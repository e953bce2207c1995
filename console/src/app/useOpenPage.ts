import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import type { RawSearch } from "@/url/search";
import { keepTime } from "./links";

interface Where {
  params?: Record<string, string>;
  search?: RawSearch;
}

/** Opens another page, with the range that is shown here. */
export function useOpenPage(): (to: string, where?: Where) => void {
  const navigate = useNavigate();
  return useCallback(
    (to, { params, search } = {}) =>
      void navigate({ to, params: params as never, search: keepTime(search) as never }),
    [navigate],
  );
}
