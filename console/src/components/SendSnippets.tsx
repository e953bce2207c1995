import { Tabs } from "@mantine/core";
import { BASE } from "@/api/base";
import { Snippet } from "./QueryState";

const endpoint = (): string => `${location.origin}${BASE}`;

/** How the first telemetry gets here, to be copied. */
export function SendLogs() {
  return (
    <Snippet
      text={`curl -fsS ${endpoint()}/api/v1/logs -H 'Authorization: Bearer <API key>' \\
  -H 'Content-Type: application/json' \\
  -d '{"level": "info", "service": "hello", "message": "the first record"}'`}
    />
  );
}

export function SendAnything() {
  return (
    <Tabs defaultValue="otel" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="otel">Any OpenTelemetry SDK</Tabs.Tab>
        <Tabs.Tab value="python">Python</Tabs.Tab>
        <Tabs.Tab value="collector">Collector</Tabs.Tab>
        <Tabs.Tab value="logs">One log line</Tabs.Tab>
        <Tabs.Tab value="demo">An example system</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="otel" pt="sm">
        <Snippet
          text={`export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint()}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS='Authorization=Bearer <API key>'
export OTEL_SERVICE_NAME=my-service`}
        />
      </Tabs.Panel>
      <Tabs.Panel value="python" pt="sm">
        <Snippet
          text={`pip install vedette
export VEDETTE_ENDPOINT=${endpoint()} VEDETTE_API_KEY=<API key>

import vedette
vedette.init(service="my-service")`}
        />
      </Tabs.Panel>
      <Tabs.Panel value="collector" pt="sm">
        <Snippet
          text={`exporters:
  otlphttp/vedette:
    endpoint: ${endpoint()}
    headers: { Authorization: "Bearer <API key>" }`}
        />
      </Tabs.Panel>
      <Tabs.Panel value="logs" pt="sm">
        <SendLogs />
      </Tabs.Panel>
      <Tabs.Panel value="demo" pt="sm">
        <Snippet text={"pip install 'vedette[server,demo]'\nvedette demo"} />
      </Tabs.Panel>
    </Tabs>
  );
}
