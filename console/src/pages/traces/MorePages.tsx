import { Button } from "@mantine/core";

interface Props {
  query: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => Promise<unknown>;
  };
  /** What the pages are of: `spans`. */
  what: string;
}

/** Asks for the next page, where there is one. */
export function MorePages({ query, what }: Props) {
  if (!query.hasNextPage) return null;
  return (
    <Button
      variant="default"
      m={8}
      loading={query.isFetchingNextPage}
      onClick={() => void query.fetchNextPage()}
    >
      More {what}
    </Button>
  );
}
