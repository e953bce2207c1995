import{Cr as e}from"./common.js";import{d as t}from"./client.js";import{s as n}from"./QueryState.js";import{n as r}from"./react.js";var i=r(),a=()=>`${location.origin}${t}`;function o(){return(0,i.jsx)(n,{text:`curl -fsS ${a()}/api/v1/logs -H 'Authorization: Bearer <API key>' \\
  -H 'Content-Type: application/json' \\
  -d '{"level": "info", "service": "hello", "message": "the first record"}'`})}function s(){return(0,i.jsxs)(e,{defaultValue:`otel`,keepMounted:!1,children:[(0,i.jsxs)(e.List,{children:[(0,i.jsx)(e.Tab,{value:`otel`,children:`Any OpenTelemetry SDK`}),(0,i.jsx)(e.Tab,{value:`python`,children:`Python`}),(0,i.jsx)(e.Tab,{value:`collector`,children:`Collector`}),(0,i.jsx)(e.Tab,{value:`logs`,children:`One log line`}),(0,i.jsx)(e.Tab,{value:`demo`,children:`An example system`})]}),(0,i.jsx)(e.Panel,{value:`otel`,pt:`sm`,children:(0,i.jsx)(n,{text:`export OTEL_EXPORTER_OTLP_ENDPOINT=${a()}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS='Authorization=Bearer <API key>'
export OTEL_SERVICE_NAME=my-service`})}),(0,i.jsx)(e.Panel,{value:`python`,pt:`sm`,children:(0,i.jsx)(n,{text:`pip install vedette
export VEDETTE_ENDPOINT=${a()} VEDETTE_API_KEY=<API key>

import vedette
vedette.init(service="my-service")`})}),(0,i.jsx)(e.Panel,{value:`collector`,pt:`sm`,children:(0,i.jsx)(n,{text:`exporters:
  otlphttp/vedette:
    endpoint: ${a()}
    headers: { Authorization: "Bearer <API key>" }`})}),(0,i.jsx)(e.Panel,{value:`logs`,pt:`sm`,children:(0,i.jsx)(o,{})}),(0,i.jsx)(e.Panel,{value:`demo`,pt:`sm`,children:(0,i.jsx)(n,{text:`pip install 'vedette[server,demo]'
vedette demo`})})]})}export{o as n,s as t};