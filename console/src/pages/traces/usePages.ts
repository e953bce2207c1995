import { useInfiniteQuery } from "@tanstack/react-query";
import type { ApiError } from "@/api/errors";

/** An answer that may have a next page. */
interface Paged {
  cursor: string | null;
}

/** A list that is read page by page; `ask` gets the cursor of the page that is wanted. */
export function usePages<T extends Paged>(
  key: readonly unknown[],
  ask: (cursor: string | null, signal: AbortSignal) => Promise<T>,
) {
  return useInfiniteQuery<T, ApiError, T[], readonly unknown[], string | null>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => ask(pageParam, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.cursor,
    select: (found) => found.pages,
    placeholderData: (before) => before,
  });
}
