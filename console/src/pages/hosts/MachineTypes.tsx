import { Button, Group, NumberInput, Stack, Table, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { formatNumber } from "@/charts/units";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { money } from "./infra";

const PATH = "/api/v1/infrastructure";

/** What machine types cost and have: hosts name theirs in the resource attribute host.type. */
export function MachineTypes() {
  const query = useGet("/api/v1/infrastructure/machine-types", {});
  const { can } = useSession();
  const may = can("catalog:write");
  const remove = useChange(
    (name: string) =>
      unwrap(
        client.DELETE("/api/v1/infrastructure/machine-types/{name}", {
          params: { path: { name } },
        }),
      ),
    [PATH],
  );
  return (
    <Panel title="Machine types">
      <QueryState
        query={query}
        isEmpty={(data) => data.machine_types.length === 0}
        empty={
          <Empty title="No machine type has a price">
            Hosts cost what the account's prices of training say, or their tag
            vedette.price_per_hour. With types, sizes that would do are named and priced.
          </Empty>
        }
      >
        {(data) => (
          <Listing
            minWidth={560}
            columns={["Type", "An hour", "CPUs", "Memory", "GPUs", may && "Change"]}
          >
            {data.machine_types.map((one) => (
              <Table.Tr key={one.name}>
                <Table.Td className="telemetry">{one.name}</Table.Td>
                <Table.Td>{money(one.price_hour, data.currency)}</Table.Td>
                <Table.Td>{formatNumber(one.cpus)}</Table.Td>
                <Table.Td>{formatNumber(one.memory_gib)} GiB</Table.Td>
                <Table.Td>{one.gpus}</Table.Td>
                {may && (
                  <Table.Td>
                    <Confirm
                      label={`Delete ${one.name}`}
                      question="Hosts of this type then cost what the account's other prices say."
                      confirm="Delete"
                      busy={remove.isPending && remove.variables === one.name}
                      onConfirm={() => remove.mutate(one.name)}
                    />
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
      {remove.error && <ErrorPanel error={remove.error} />}
      {may && <TypeForm />}
    </Panel>
  );
}

const EMPTY = { name: "", price: "", cpus: "", memory: "", gpus: 0 } as {
  name: string;
  price: number | string;
  cpus: number | string;
  memory: number | string;
  gpus: number | string;
};

function TypeForm() {
  const [form, setForm] = useState(EMPTY);
  const save = useChange(
    ({ name, price, cpus, memory, gpus }: typeof EMPTY) =>
      unwrap(
        client.PUT("/api/v1/infrastructure/machine-types/{name}", {
          params: { path: { name } },
          body: {
            price_hour: Number(price),
            cpus: Number(cpus),
            memory_gib: Number(memory),
            gpus: Number(gpus),
          },
        }),
      ),
    [PATH],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(form, { onSuccess: () => setForm(EMPTY) });
  };
  const number = (name: "price" | "cpus" | "memory" | "gpus", label: string) => (
    <NumberInput
      label={label}
      min={0}
      w={110}
      required={name !== "gpus"}
      value={form[name]}
      onChange={(value) => setForm({ ...form, [name]: value })}
    />
  );
  return (
    <form onSubmit={submit}>
      <Stack gap={6} p={10}>
        <Text size="sm" fw={600}>
          Add a type, or change one by its name
        </Text>
        <Group gap="xs" align="flex-end">
          <TextInput
            label="Type"
            w={150}
            required
            maxLength={200}
            placeholder="m5.xlarge"
            value={form.name}
            onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
          />
          {number("price", "An hour")}
          {number("cpus", "CPUs")}
          {number("memory", "Memory, GiB")}
          {number("gpus", "GPUs")}
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
        {save.error && <ErrorPanel error={save.error} />}
      </Stack>
    </form>
  );
}
