import { Button, Group, Textarea } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { formatAgo } from "@/time/format";
import { Difference } from "./Difference";
import classes from "./registry.module.css";
import { RequestMark, StageMark } from "./Stage";

type Approval = components["schemas"]["ApprovalView"];
type Act = "approve" | "reject" | "cancel" | "comments";

const STALE = ["/api/v1/approvals", "/api/v1/models"];

/** One request: what differs comes before the buttons. */
export default function ApprovalPage() {
  const { request: id } = useParams({ strict: false }) as { request: string };
  const query = useGet("/api/v1/approvals/{request_id}", {
    params: { path: { request_id: id } },
  });
  const data = query.data;
  return (
    <>
      <PageHeader
        title={data ? `${data.model} v${data.version} to ${data.stage}` : "Approval request"}
        time={false}
        aside={
          data && (
            <Group gap="sm">
              <RequestMark status={data.status} />
              <Pivot
                to="/models/$name/versions/$version"
                params={{ name: data.model, version: String(data.version) }}
              >
                The version
              </Pivot>
              <Pivot to="/approvals">All requests</Pivot>
            </Group>
          )
        }
      />
      <div className={classes.body}>
        <QueryState query={query} height={300}>
          {(approval) => (
            <div className={classes.columns}>
              <Difference name={approval.model} version={approval.version} />
              <div className={classes.stack}>
                <Facts approval={approval} />
                <Checks approval={approval} />
                <Said approval={approval} />
                <Decide approval={approval} />
              </div>
            </div>
          )}
        </QueryState>
      </div>
    </>
  );
}

function Facts({ approval }: { approval: Approval }) {
  const given = approval.decisions.filter((one) => one.decision === "approved").length;
  return (
    <Panel title="The request" aside={<StageMark stage={approval.stage} />}>
      <div className={classes.pad}>
        {approval.comment && <p className={classes.text}>{approval.comment}</p>}
        <div className="dimmed">
          asked by {approval.requested_by}, {formatAgo(Date.parse(approval.created), Date.now())}
          <br />
          {given} of {approval.needed} approvals
          {approval.reviewers.length > 0 && ` by ${approval.reviewers.join(", ")}`}
          <br />
          {approval.status === "pending" ? "ends" : "closed"}{" "}
          {new Date(approval.closed ?? approval.expires).toLocaleString("sv-SE")}
        </div>
      </div>
    </Panel>
  );
}

function Checks({ approval }: { approval: Approval }) {
  return (
    <Panel title={`Checks (${approval.checks.length})`}>
      <ul className={classes.list}>
        {approval.checks.map((one) => {
          const Icon = one.passed ? IconCircleCheck : IconCircleX;
          return (
            <li key={`${one.check} ${one.message}`}>
              <Group gap={6} wrap="nowrap" align="flex-start">
                <Icon
                  size={16}
                  className={one.passed ? "good" : "bad"}
                  aria-label={one.passed ? "passes" : "fails"}
                  role="img"
                />
                <span>
                  {one.check}
                  <div className="dimmed">{one.message}</div>
                </span>
              </Group>
            </li>
          );
        })}
        {approval.checks.length === 0 && <li>The rule asks for none.</li>}
      </ul>
    </Panel>
  );
}

function Said({ approval }: { approval: Approval }) {
  const said = [
    ...approval.decisions.map((one) => ({ ...one, what: one.decision })),
    ...approval.comments.map((one) => ({ ...one, what: "says" })),
  ].sort((a, b) => a.created.localeCompare(b.created));
  if (!said.length) return null;
  return (
    <Panel title="What was said">
      <ul className={classes.list}>
        {said.map((one) => (
          <li key={`${one.actor} ${one.created}`}>
            <strong>{one.actor}</strong> {one.what}{" "}
            <span className="dimmed">{formatAgo(Date.parse(one.created), Date.now())}</span>
            {one.comment && <div className={classes.text}>{one.comment}</div>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Decide({ approval }: { approval: Approval }) {
  const { can } = useSession();
  const [comment, setComment] = useState("");
  const act = useChange((how: Act) => {
    const params = { path: { request_id: approval.id } };
    if (how === "cancel") {
      return unwrap(client.POST("/api/v1/approvals/{request_id}/cancel", { params }));
    }
    const body = { comment };
    if (how === "approve") {
      return unwrap(client.POST("/api/v1/approvals/{request_id}/approve", { params, body }));
    }
    if (how === "reject") {
      return unwrap(client.POST("/api/v1/approvals/{request_id}/reject", { params, body }));
    }
    return unwrap(client.POST("/api/v1/approvals/{request_id}/comments", { params, body }));
  }, STALE);
  const run = (how: Act, done: string) =>
    act.mutate(how, {
      onSuccess: () => {
        setComment("");
        notifyDone(done);
      },
      onError: (error) => notifyError("It was not done", error),
    });
  const pending = approval.status === "pending";
  if (!can("approvals:decide") && !can("catalog:write")) return null;
  return (
    <Panel title={pending ? "Decide" : "Say something"}>
      <div className={classes.pad}>
        <Textarea
          label="Comment"
          autosize
          minRows={2}
          maxLength={5000}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        <Group gap={6} mt="xs">
          {pending && can("approvals:decide") && (
            <>
              <Button
                color="green"
                loading={act.isPending}
                onClick={() => run("approve", "The request is approved")}
              >
                Approve
              </Button>
              <Button
                color="red"
                variant="light"
                disabled={!comment.trim()}
                title={comment.trim() ? undefined : "Say why first"}
                loading={act.isPending}
                onClick={() => run("reject", "The request is rejected")}
              >
                Reject
              </Button>
            </>
          )}
          <Button
            variant="default"
            disabled={!comment.trim()}
            onClick={() => run("comments", "The comment is kept")}
          >
            Comment
          </Button>
          {pending && can("catalog:write") && (
            <Confirm
              label="Take back"
              question="Only who asked may take a request back."
              confirm="Take the request back"
              onConfirm={() => run("cancel", "The request is taken back")}
            />
          )}
        </Group>
        {pending && (
          <p className="dimmed">
            Nobody decides what they asked for. The last approval brings the version into the stage.
          </p>
        )}
      </div>
    </Panel>
  );
}
