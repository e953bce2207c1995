import { Button, NumberInput, Table, TextInput } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatBytes, formatNumber, formatPercent, formatSeconds } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Listing, numeric } from "@/components/Listing";
import { ModalForm } from "@/components/ModalForm";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import type { Run } from "./RunPage";
import classes from "./training.module.css";

type Prices = components["schemas"]["PricesView"];
type Use = components["schemas"]["UseView"] | null;

/** What a run took and cost, and how much of it was idle. */
export function Efficiency({ run }: { run: Run }) {
  const query = useGet("/api/v1/runs/{run_id}/efficiency", {
    params: { path: { run_id: run.info.id } },
  });
  const [pricing, setPricing] = useState(false);
  const { can } = useSession();
  const change = can("admin") && (
    <Button size="compact-xs" variant="default" onClick={() => setPricing(true)}>
      Set prices
    </Button>
  );
  return (
    <QueryState query={query} height={260}>
      {(data) => (
        <div className={classes.grid}>
          <Panel title="Cost" aside={change}>
            {data.cost ? (
              <Facts figures>
                <Fact name="In total">{money(data.cost.total, data.cost.currency)}</Fact>
                <Fact name={`Per epoch (${data.epochs_from || "not known"})`}>
                  {data.cost.per_epoch === null
                    ? "–"
                    : money(data.cost.per_epoch, data.cost.currency)}
                </Fact>
                <Fact
                  name="For idle processors"
                  bad={(data.cost.idle ?? 0) > data.cost.total * 0.3}
                >
                  {data.cost.idle === null ? "–" : money(data.cost.idle, data.cost.currency)}
                </Fact>
                <Fact name="Machine">{money(data.cost.machine, data.cost.currency)}</Fact>
                <Fact name="GPUs">{money(data.cost.gpus, data.cost.currency)}</Fact>
                <Fact name="Energy">{money(data.cost.energy, data.cost.currency)}</Fact>
                <Fact name="By">
                  {data.cost.by === "tag" ? "the run's tag" : priceText(data.prices)}
                </Fact>
              </Facts>
            ) : (
              <Empty
                title="No prices are set"
                snippet={'mlflow.set_tag("vedette.price_per_hour", "3.2")'}
              >
                An admin sets what a machine and a GPU cost an hour; or a run says it itself:
              </Empty>
            )}
          </Panel>
          <Panel title="Time">
            <Facts figures>
              <Fact name={data.running ? "So far" : "Took"}>
                {formatSeconds(data.duration_ms === null ? null : data.duration_ms / 1000)}
              </Fact>
              <Fact name={`Epochs (${data.epochs_from || "not known"})`}>
                {formatNumber(data.epochs)}
              </Fact>
              <Fact name="Per epoch">{formatSeconds(data.seconds_per_epoch)}</Fact>
            </Facts>
          </Panel>
          <Panel title="Use of the machine">
            {data.cpu || data.gpus.length ? (
              <Listing
                wrap
                columns={["Of", numeric("Mean"), numeric("p95"), numeric("Most"), numeric("Idle")]}
              >
                <UseRow name="CPU" use={data.cpu} shown={percent} />
                <UseRow name="Memory" use={data.memory} shown={megabytes} />
                {data.gpus.map((gpu) => [
                  <UseRow
                    key={`u${gpu.index}`}
                    name={`GPU ${gpu.index}`}
                    use={gpu.utilization}
                    shown={percent}
                  />,
                  <UseRow
                    key={`m${gpu.index}`}
                    name={`GPU ${gpu.index} memory`}
                    use={gpu.memory_megabytes}
                    shown={megabytes}
                  />,
                  <UseRow
                    key={`p${gpu.index}`}
                    name={`GPU ${gpu.index} power${gpu.energy_kwh === null ? "" : `, ${formatNumber(gpu.energy_kwh)} kWh`}`}
                    use={gpu.power_watts}
                    shown={(value) => `${formatNumber(value)} W`}
                  />,
                ])}
              </Listing>
            ) : (
              <Empty
                title="How much of the machine was used is not known"
                snippet="export MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING=true"
              />
            )}
          </Panel>
          {pricing && <PriceForm prices={data.prices} onClose={() => setPricing(false)} />}
        </div>
      )}
    </QueryState>
  );
}

function UseRow({
  name,
  use,
  shown,
}: {
  name: string;
  use: Use;
  shown: (value: number) => string;
}) {
  if (!use) return null;
  return (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      <Table.Td className="number">{shown(use.mean)}</Table.Td>
      <Table.Td className="number">{shown(use.p95)}</Table.Td>
      <Table.Td className="number">{shown(use.most)}</Table.Td>
      <Table.Td className="number">
        {use.idle === null ? "–" : `${formatPercent(use.idle)} of the time`}
      </Table.Td>
    </Table.Tr>
  );
}

const percent = (value: number): string => formatPercent(value / 100);
const megabytes = (value: number): string => formatBytes(value * 1e6);

function money(value: number, currency: string): string {
  const digits = Math.abs(value) < 0.1 && value !== 0 ? 5 : 2;
  return `${value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: 2 })} ${currency}`;
}

const priceText = (prices: Prices): string =>
  `${prices.host_hour} an hour, ${prices.gpu_hour} a GPU hour, ${prices.kwh} a kWh`;

function PriceForm({ prices, onClose }: { prices: Prices; onClose: () => void }) {
  const [currency, setCurrency] = useState(prices.currency);
  const [host, setHost] = useState<number | string>(prices.host_hour);
  const [gpu, setGpu] = useState<number | string>(prices.gpu_hour);
  const [kwh, setKwh] = useState<number | string>(prices.kwh);
  const save = useChange(
    () =>
      unwrap(
        client.PUT("/api/v1/training-prices", {
          body: {
            currency,
            host_hour: Number(host) || 0,
            gpu_hour: Number(gpu) || 0,
            kwh: Number(kwh) || 0,
          },
        }),
      ),
    ["/api/v1/runs", "/api/v1/training-prices"],
  );
  const submit = () => {
    save.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <ModalForm
      onClose={onClose}
      title="What the account's machines cost"
      button="Save"
      busy={save.isPending}
      onSubmit={submit}
    >
      <TextInput
        label="Currency (ISO 4217)"
        value={currency}
        maxLength={3}
        required
        onChange={(event) => setCurrency(event.currentTarget.value.toUpperCase())}
        error={save.error?.message}
      />
      <NumberInput label="A machine, an hour" min={0} value={host} onChange={setHost} />
      <NumberInput label="One GPU, an hour" min={0} value={gpu} onChange={setGpu} />
      <NumberInput label="A kilowatt-hour of GPUs" min={0} value={kwh} onChange={setKwh} />
    </ModalForm>
  );
}
