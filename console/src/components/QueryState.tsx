import {
  Alert,
  Box,
  Button,
  Code,
  CopyButton,
  Group,
  Loader,
  Skeleton,
  Stack,
  Text,
} from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconCopy, IconInbox } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type ApiError, asApiError } from "@/api/errors";
import { formatCount } from "@/charts/units";
import classes from "./QueryState.module.css";

interface Props<T> {
  query: Pick<
    UseQueryResult<T, ApiError>,
    "data" | "error" | "isPending" | "isFetching" | "isPlaceholderData" | "refetch"
  >;
  /** Whether an answer has nothing to show. */
  isEmpty?: (data: T) => boolean;
  /** Said where there is nothing: what it means and what to do next. */
  empty?: ReactNode;
  /** Height of the skeleton, px. */
  height?: number;
  /** What stands in for the content while the first answer is awaited. */
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}

/**
 * The states of one panel: waiting, failed, empty or there. A failure stays at its panel; while an
 * answer is replaced, the old one is shown dimmed.
 */
export function QueryState<T>({
  query,
  isEmpty,
  empty,
  height = 120,
  skeleton,
  children,
}: Props<T>) {
  if (query.error && !query.isFetching) {
    return <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (query.data === undefined) {
    return (
      <div aria-busy="true" role="status" aria-label="Loading">
        {skeleton ?? <Skeleton height={height} />}
      </div>
    );
  }
  if (isEmpty?.(query.data))
    return <>{empty ?? <Empty title="Nothing here in this time range" />}</>;
  return (
    <div
      className={classes.content}
      data-stale={query.isPlaceholderData || undefined}
      aria-busy={query.isFetching}
    >
      {query.isPlaceholderData && <Loader size={14} className={classes.loader} aria-hidden />}
      {children(query.data)}
    </div>
  );
}

export function ErrorPanel({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { message, remedy, code, field, status } = asApiError(error);
  // What the server refuses it refuses again; another time may help with the rest.
  const again = onRetry && (status < 400 || status >= 429);
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={<span className={classes.sentence}>{message}</span>}
      m="xs"
    >
      <Stack gap={6} align="flex-start">
        {remedy && <Text size="sm">What to do: {remedy}</Text>}
        <Group gap="sm">
          {again && (
            <Button variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
          <Text size="xs" c="dimmed">
            {code}
            {field ? ` · ${field}` : ""}
          </Text>
        </Group>
      </Stack>
    </Alert>
  );
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
  /** A command or code to copy that makes the panel not empty. */
  snippet?: string;
}

export function Empty({ title, children, snippet }: EmptyProps) {
  return (
    <Stack align="center" gap={6} p="lg" className={classes.empty}>
      <IconInbox size={28} stroke={1.3} aria-hidden />
      <Text fw={600} size="sm">
        {title}
      </Text>
      {children && (
        <Text component="div" size="sm" c="dimmed" maw={560} ta="center">
          {children}
        </Text>
      )}
      {snippet && <Snippet text={snippet} />}
    </Stack>
  );
}

/** Text to copy. */
export function Snippet({ text, label = "Copy" }: { text: string; label?: string }) {
  return (
    <div className={classes.snippet}>
      <Code block className={classes.code} tabIndex={0}>
        {text}
      </Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button
            variant="default"
            className={classes.copy}
            size="compact-xs"
            onClick={copy}
            leftSection={copied ? <IconCheck size={12} /> : <IconCopy size={12} />}
          >
            {copied ? "Copied" : label}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}

/** Says that an answer is not all of it, and how to get the rest. */
export function Partial({ children }: { children: ReactNode }) {
  return (
    <Text size="xs" c="var(--v-warning)" role="status">
      <IconAlertTriangle size={13} className={classes.inline} aria-hidden /> {children}
    </Text>
  );
}

/** Says which parts of an answer could not be had, and why. */
export function NotAsked({ failed }: { failed: Readonly<Record<string, string>> }) {
  return Object.entries(failed).map(([what, why]) => (
    <Box key={what} px={12} pt={4} pb={12}>
      <Partial>
        {what} could not be asked: {why}
      </Partial>
    </Box>
  ));
}

/** What a query cost: rows that the engine read, and its time. */
export function QueryCost({ rowsRead, seconds }: { rowsRead?: number; seconds?: number }) {
  if (seconds === undefined) return null;
  const time =
    seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : `${seconds.toFixed(1)} s`;
  return (
    <Text size="xs" c="dimmed" component="span" className={classes.cost}>
      {rowsRead === undefined ? time : `${formatCount(rowsRead)} rows read in ${time}`}
    </Text>
  );
}
