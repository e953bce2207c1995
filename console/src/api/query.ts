import {
  keepPreviousData,
  QueryClient,
  type UseQueryResult,
  useMutation,
  useQuery,
} from "@tanstack/react-query";
import { client, type GetData, type GetInit, type GetPath, unwrap } from "./client";
import { type ApiError, isRetryable } from "./errors";

const RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < RETRIES && isRetryable(error),
      retryDelay: (count) => 500 * 2 ** count,
    },
  },
});

export interface GetOptions {
  enabled?: boolean;
  /** Show the last answer while the next one is on its way (default), as when the range moves. */
  keepPrevious?: boolean;
  staleTime?: number;
  refetchInterval?: number | false;
}

/**
 * Ask one route; the answer is cached by path and parameters, and the query is cancelled in the
 * engine where nobody waits for it any more.
 */
export function useGet<P extends GetPath, T = GetData<P>>(
  path: P,
  init: { params?: unknown },
  { keepPrevious = true, ...options }: GetOptions = {},
): UseQueryResult<T, ApiError> {
  return useQuery<T, ApiError>({
    queryKey: [path, init.params ?? {}],
    queryFn: ({ signal }) =>
      unwrap(client.GET(path, { ...init, signal } as never) as Promise<never>) as Promise<T>,
    placeholderData: keepPrevious ? keepPreviousData : undefined,
    ...options,
  });
}

/** As `useGet`, for work that is a question though its method is POST. */
export function useAsk<T>(
  key: readonly unknown[],
  ask: (signal: AbortSignal) => Promise<T>,
  { keepPrevious = true, ...options }: GetOptions = {},
): UseQueryResult<T, ApiError> {
  return useQuery<T, ApiError>({
    queryKey: key,
    queryFn: ({ signal }) => ask(signal),
    placeholderData: keepPrevious ? keepPreviousData : undefined,
    ...options,
  });
}

/** A change; on success the routes whose path begins with one of `stale` are asked again. */
export function useChange<In = void, Out = unknown>(
  change: (input: In) => Promise<Out>,
  stale: readonly string[],
) {
  return useMutation<Out, ApiError, In>({
    mutationFn: change,
    onSuccess: () =>
      queryClient.invalidateQueries({
        predicate: ({ queryKey }) =>
          typeof queryKey[0] === "string" &&
          stale.some((path) => String(queryKey[0]).startsWith(path)),
      }),
  });
}

export type { GetInit };
