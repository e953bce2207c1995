import { Anchor, Badge, Button, Table, Text, VisuallyHidden } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { Fragment } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { QueryState, Snippet } from "@/components/QueryState";
import classes from "../settings.module.css";
import type { Search } from "./Records";

type View = components["schemas"]["AuditView"];

interface Props {
  records: readonly View[];
  /** Key of the record whose detail is shown. */
  open: string;
  onOpen: (key: string) => void;
  onSearch: (patch: Partial<Search>) => void;
}

const keyOf = ({ chain, sequence }: View) => `${chain}:${sequence}`;
const textAt = (record: Record<string, unknown>, name: string): string =>
  String(record[name] ?? "");

function who(record: Record<string, unknown>): string {
  const identity = record.userIdentity as Record<string, unknown> | undefined;
  return String(identity?.userName ?? identity?.principalId ?? "");
}

/** Records, newest first; who, what and from where narrow the search by a click. */
export function RecordTable({ records, open, onOpen, onSearch }: Props) {
  return (
    <Listing
      minWidth={760}
      dimHead
      columns={[
        { w: 30, children: <VisuallyHidden>open</VisuallyHidden> },
        "Time",
        "What",
        "Who",
        "From",
        "Resources",
        "Outcome",
      ]}
    >
      {records.map((view) => (
        <Row
          key={keyOf(view)}
          view={view}
          open={open === keyOf(view)}
          onOpen={onOpen}
          onSearch={onSearch}
        />
      ))}
    </Listing>
  );
}

interface RowProps extends Pick<Props, "onOpen" | "onSearch"> {
  view: View;
  open: boolean;
}

function Row({ view, open, onOpen, onSearch }: RowProps) {
  const { record } = view;
  const key = keyOf(view);
  const Icon = open ? IconChevronDown : IconChevronRight;
  const resources = (record.resources as string[] | undefined) ?? [];
  const ip = textAt(record, "sourceIPAddress");
  return (
    <Fragment>
      <Table.Tr>
        <Table.Td>
          <Button
            variant="subtle"
            color="gray"
            size="compact-xs"
            px={2}
            aria-expanded={open}
            aria-label={`Record ${view.sequence}`}
            onClick={() => onOpen(open ? "" : key)}
          >
            <Icon size={14} />
          </Button>
        </Table.Td>
        <Table.Td>
          <Moment at={textAt(record, "eventTime")} />
        </Table.Td>
        <Table.Td>
          <Narrow to={textAt(record, "eventName")} on={(event) => onSearch({ event })} />
        </Table.Td>
        <Table.Td>
          <Narrow to={who(record)} on={(name) => onSearch({ who: name })} />
        </Table.Td>
        <Table.Td>{ip && <Narrow to={ip} on={(from) => onSearch({ ip: from })} />}</Table.Td>
        <Table.Td className={classes.breaking}>
          {resources.slice(0, 2).map((resource) => (
            <div key={resource}>
              <Narrow to={resource} on={(one) => onSearch({ resource: one })} />
            </div>
          ))}
          {resources.length > 2 && (
            <Text size="xs" c="dimmed">
              and {resources.length - 2} more
            </Text>
          )}
        </Table.Td>
        <Table.Td>
          {textAt(record, "errorCode") ? (
            <Badge color="red" variant="light" tt="none">
              {textAt(record, "errorCode")}
            </Badge>
          ) : (
            "done"
          )}
        </Table.Td>
      </Table.Tr>
      {open && (
        <Table.Tr>
          <Table.Td colSpan={7}>
            <Detail view={view} />
          </Table.Td>
        </Table.Tr>
      )}
    </Fragment>
  );
}

function Narrow({ to, on }: { to: string; on: (text: string) => void }) {
  return (
    <Anchor
      component="button"
      size="sm"
      ta="left"
      title="Search for this"
      className={classes.breaking}
      onClick={() => on(to)}
    >
      {to}
    </Anchor>
  );
}

/** A record as it is stored, with what proves that it was not changed. */
function Detail({ view }: { view: View }) {
  const { record, sequence, chain, hash } = view;
  const covering = useGet("/api/v1/audit/digests/covering", {
    params: { query: { chain, sequence, at: textAt(record, "eventTime") } },
  });
  return (
    <div className={classes.stack}>
      <Snippet text={JSON.stringify(record, null, 2)} />
      <dl className={classes.proof}>
        <dt>SHA-256 of its canonical JSON</dt>
        <dd className={classes.marked}>{hash}</dd>
        <dt>hash of the record before</dt>
        <dd className={classes.marked}>{textAt(record, "previousHash")}</dd>
        <dt>chain and number</dt>
        <dd className={classes.marked}>
          {chain} {sequence}
        </dd>
        <dt>signed digest</dt>
        <dd>
          <QueryState query={covering} height={20}>
            {({ digest }) =>
              digest ? (
                <>
                  number {digest.sequence}, <Moment at={digest.starts} /> to{" "}
                  <Moment at={digest.ends} />
                  <div className={classes.marked}>hash {digest.hash}</div>
                  <div className={classes.marked}>signature {digest.signature}</div>
                  <div className={classes.marked}>key {digest.fingerprint}</div>
                </>
              ) : (
                "none yet: a digest is signed when the hour is over"
              )
            }
          </QueryState>
        </dd>
      </dl>
    </div>
  );
}
