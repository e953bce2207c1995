import {
  Button,
  Group,
  JsonInput,
  NumberInput,
  Select,
  Stack,
  Table,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "./registry.module.css";
import { STAGES } from "./Stage";

const PATH = "/api/v1/approval-rules";
const EXAMPLE = '[{"check": "better_than_production", "metric": "auc"}]';

/** What versions need before they enter a stage. */
export function Rules() {
  const query = useGet(PATH, {});
  const { can } = useSession();
  const remove = useChange(
    (id: string) =>
      unwrap(
        client.DELETE("/api/v1/approval-rules/{rule_id}", { params: { path: { rule_id: id } } }),
      ),
    [PATH],
  );
  return (
    <>
      <Panel title="Rules">
        <QueryState
          query={query}
          isEmpty={(data) => data.rules.length === 0}
          empty={
            <Empty title="Every stage is open to all who may write">
              With a rule, a stage is entered by an approval alone, whoever asks.
            </Empty>
          }
        >
          {(data) => (
            <Listing
              minWidth={720}
              wrap
              columns={[
                "Model",
                "Stage",
                "Approvals",
                "By",
                "Guards the aliases",
                "Checks",
                "Waits",
                can("admin") && "Actions",
              ]}
            >
              {data.rules.map((rule) => (
                <Table.Tr key={rule.id}>
                  <Table.Td>{rule.model === "*" ? "every other model" : rule.model}</Table.Td>
                  <Table.Td>{rule.stage}</Table.Td>
                  <Table.Td>{rule.approvals}</Table.Td>
                  <Table.Td>{rule.reviewers.join(", ") || "all who may approve"}</Table.Td>
                  <Table.Td>{rule.aliases.join(", ")}</Table.Td>
                  <Table.Td className={classes.code}>
                    {rule.checks.map((check) => (
                      <div key={JSON.stringify(check)}>{checkText(check)}</div>
                    ))}
                  </Table.Td>
                  <Table.Td>{rule.expires_hours} h</Table.Td>
                  {can("admin") && (
                    <Table.Td>
                      <Confirm
                        label="Delete"
                        question={`${rule.stage} becomes open for this model.`}
                        confirm="Delete the rule"
                        onConfirm={() =>
                          remove.mutate(rule.id, {
                            onError: (error) => notifyError("It was not deleted", error),
                          })
                        }
                      />
                    </Table.Td>
                  )}
                </Table.Tr>
              ))}
            </Listing>
          )}
        </QueryState>
      </Panel>
      {can("admin") && <NewRule />}
    </>
  );
}

function checkText(check: Record<string, unknown>): string {
  const { check: name, ...settings } = check;
  const rest = Object.entries(settings).map(([key, value]) => `${key} ${String(value)}`);
  return [String(name), ...rest].join(", ");
}

function NewRule() {
  const [model, setModel] = useState("*");
  const [stage, setStage] = useState("Production");
  const [approvals, setApprovals] = useState<number | string>(1);
  const [reviewers, setReviewers] = useState<string[]>([]);
  const [aliases, setAliases] = useState<string[]>([]);
  const [checks, setChecks] = useState(EXAMPLE);
  const [hours, setHours] = useState<number | string>(168);
  const [wrong, setWrong] = useState("");
  const save = useChange(
    (parsed: Record<string, unknown>[]) =>
      unwrap(
        client.PUT(PATH, {
          body: {
            model,
            stage,
            approvals: Number(approvals),
            reviewers,
            aliases,
            checks: parsed,
            expires_hours: Number(hours),
          },
        }),
      ),
    [PATH],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    let parsed: unknown;
    try {
      parsed = JSON.parse(checks.trim() || "[]");
    } catch {
      setWrong("The checks are not JSON");
      return;
    }
    if (!Array.isArray(parsed)) {
      setWrong("The checks are not a list");
      return;
    }
    setWrong("");
    save.mutate(parsed as Record<string, unknown>[], {
      onSuccess: () => notifyDone("The rule is set"),
    });
  };
  return (
    <Panel title="Set a rule">
      <form onSubmit={submit} className={classes.pad}>
        <Stack gap="xs" maw={640}>
          <Group grow align="flex-start">
            <TextInput
              label="Model, or * for every other one"
              required
              value={model}
              onChange={(event) => setModel(event.currentTarget.value)}
            />
            <Select
              label="Stage"
              data={[...STAGES]}
              value={stage}
              onChange={(next) => setStage(next ?? "Production")}
              allowDeselect={false}
            />
          </Group>
          <Group grow align="flex-start">
            <NumberInput
              label="Approvals"
              min={0}
              max={10}
              value={approvals}
              onChange={setApprovals}
            />
            <NumberInput label="Hours to wait" min={1} value={hours} onChange={setHours} />
          </Group>
          <TagsInput
            label="Logins of those who may approve; none for all with the role"
            value={reviewers}
            onChange={setReviewers}
          />
          <TagsInput
            label="Aliases guarded as the stage is"
            value={aliases}
            onChange={setAliases}
          />
          <JsonInput
            label="Checks that must be green"
            autosize
            minRows={3}
            value={checks}
            onChange={setChecks}
            error={wrong || save.error?.message}
          />
          <Group>
            <Button type="submit" loading={save.isPending}>
              Set the rule
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
