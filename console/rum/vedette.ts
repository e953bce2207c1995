/**
 * Telemetry of browsers, as OTLP/JSON: page views, web vitals, JavaScript errors, and spans of fetch
 * and XMLHttpRequest that hand their trace on to the services behind.
 *
 *   <script src="https://vedette.example/rum/vedette.js" data-key="vrum_..." defer></script>
 *
 * It sets no cookie, reads no text of the page, and never throws into it.
 */

type Value = string | number | boolean | undefined;
type Attributes = Record<string, Value>;

interface Options {
  key: string;
  endpoint: string;
  version?: string;
  environment?: string;
  /** Share of sessions that send, 0 to 1. */
  sample?: number;
  /** Other origins whose requests get a traceparent; the page's own always do. */
  propagate?: string[];
  /** No id outlives the session. */
  anonymous?: boolean;
}

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: unknown[];
  status: { code: number };
}

const MAX_QUEUE = 60;
const FLUSH_MS = 5_000;
const MAX_ERRORS = 50;
const IDLE_MS = 30 * 60_000;
const LONGEST_MS = 4 * 3_600_000;
const CLIENT = 3;
const ERROR_SEVERITY = 17;
const INFO_SEVERITY = 9;

let options: Options | undefined;
let logs: unknown[] = [];
let spans: Span[] = [];
let timer: number | undefined;
let errors = 0;
let page = { id: hex(8), path: "", template: "", trace: hex(16), parent: "" };
let user = "";
const seen = new Set<string>();

function hex(bytes: number): string {
  const values = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(values, (value) => value.toString(16).padStart(2, "0")).join("");
}

const nanos = (ms: number): string => `${Math.round(ms * 1e3)}000`;
const now = (): number => performance.timeOrigin + performance.now();

/** Whatever fails in here is no concern of the page. */
function safely<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function attributes(values: Attributes): unknown[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => ({
      key,
      value:
        typeof value === "number"
          ? { doubleValue: value }
          : typeof value === "boolean"
            ? { boolValue: value }
            : { stringValue: String(value).slice(0, 4096) },
    }));
}

/** A path whose ids are cut out, so that pages of one kind are one. */
function templateOf(path: string): string {
  return path
    .split("/")
    .map((part) =>
      /^(\d+|[0-9a-f]{8,}|[0-9a-f-]{32,36}|[\w-]{21,})$/i.test(part) && /\d/.test(part)
        ? ":id"
        : part,
    )
    .join("/");
}

interface Session {
  id: string;
  began: number;
  last: number;
  sampled: boolean;
}

function session(): Session {
  const moment = Date.now();
  const text = safely(() => sessionStorage.getItem("vedette.session"));
  let found = text ? (safely(() => JSON.parse(text)) as Session | undefined) : undefined;
  if (!found || moment - found.last > IDLE_MS || moment - found.began > LONGEST_MS) {
    found = {
      id: hex(16),
      began: moment,
      last: moment,
      sampled: Math.random() < (options?.sample ?? 1),
    };
  }
  found.last = moment;
  safely(() => sessionStorage.setItem("vedette.session", JSON.stringify(found)));
  return found;
}

function userId(): string {
  if (user) return user;
  if (options?.anonymous) return "";
  const kept = safely(() => localStorage.getItem("vedette.user")) ?? hex(16);
  safely(() => localStorage.setItem("vedette.user", kept));
  return kept;
}

function about(): Attributes {
  return {
    "session.id": session().id,
    "user.id": userId(),
    "vedette.page.id": page.id,
    "url.path": page.path,
    "vedette.page": page.template,
  };
}

function emit(name: string, values: Attributes, severity = INFO_SEVERITY, body = name): void {
  const moment = nanos(now());
  logs.push({
    timeUnixNano: moment,
    observedTimeUnixNano: moment,
    severityNumber: severity,
    severityText: severity === ERROR_SEVERITY ? "ERROR" : "INFO",
    eventName: name,
    body: { stringValue: body.slice(0, 1024) },
    attributes: attributes({ ...about(), ...values }),
    traceId: page.trace,
  });
  later();
}

function later(): void {
  if (logs.length + spans.length >= MAX_QUEUE) flush();
  else timer ??= window.setTimeout(flush, FLUSH_MS);
}

/** Send what waits; `leaving` by a beacon, which outlives the page. */
function flush(leaving = false): void {
  window.clearTimeout(timer);
  timer = undefined;
  const [someLogs, someSpans] = [logs, spans];
  [logs, spans] = [[], []];
  if (!options || !session().sampled) return;
  const resource = {
    attributes: attributes({
      "service.version": options.version,
      "deployment.environment.name": options.environment,
      "telemetry.sdk.language": "webjs",
    }),
  };
  const scope = { name: "vedette.browser" };
  if (someLogs.length)
    send(
      "logs",
      { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: someLogs }] }] },
      leaving,
    );
  if (someSpans.length)
    send(
      "traces",
      { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: someSpans }] }] },
      leaving,
    );
}

function send(signal: string, document: unknown, leaving: boolean): void {
  const url = `${options?.endpoint}/rum/v1/${signal}?key=${encodeURIComponent(options?.key ?? "")}`;
  // As plain text: a request that needs no preflight.
  const body = new Blob([JSON.stringify(document)], { type: "text/plain" });
  safely(() => {
    if (leaving && navigator.sendBeacon?.(url, body)) return;
    void original(url, {
      method: "POST",
      body,
      keepalive: body.size < 60_000,
      credentials: "omit",
    }).catch(() => undefined);
  });
}

// Pages ------------------------------------------------------------------------------------

function view(kind: string): void {
  const path = location.pathname;
  if (kind !== "load" && path === page.path) return;
  const from = page.template;
  const trace = kind === "load" ? page.trace : hex(16);
  page = { id: hex(8), path, template: templateOf(path), trace, parent: "" };
  emit("browser.page_view", {
    "vedette.page.kind": kind,
    "vedette.page.from": from,
    "browser.referrer": kind === "load" ? document.referrer.split("?")[0] : "",
    "browser.language": navigator.language,
    "browser.viewport.width": window.innerWidth,
  });
}

function watchPages(): void {
  for (const name of ["pushState", "replaceState"] as const) {
    const method = history[name];
    history[name] = function (this: History, ...given: Parameters<History["pushState"]>) {
      method.apply(this, given);
      safely(() => view("route"));
    };
  }
  addEventListener("popstate", () => safely(() => view("route")));
}

// Errors -----------------------------------------------------------------------------------

function captureError(error: unknown, values: Attributes = {}): void {
  if (errors >= MAX_ERRORS) return;
  const known = error instanceof Error;
  const type = known ? error.name || "Error" : "Error";
  const message = known ? error.message : (safely(() => String(error)) ?? "");
  const stack = (known && error.stack) || "";
  const print = `${type}|${message}|${stack.slice(0, 300)}`;
  if (seen.has(print)) return;
  seen.add(print);
  errors += 1;
  emit(
    "exception",
    {
      "exception.type": type,
      "exception.message": message,
      "exception.stacktrace": stack,
      ...values,
    },
    ERROR_SEVERITY,
    `${type}: ${message}`,
  );
}

function watchErrors(): void {
  addEventListener("error", (failed) => {
    if (!(failed instanceof ErrorEvent)) return;
    const at = {
      "code.file.path": failed.filename?.split("?")[0],
      "code.line.number": failed.lineno || undefined,
    };
    safely(() => captureError(failed.error ?? failed.message, at));
  });
  addEventListener("unhandledrejection", (failed) =>
    safely(() => captureError(failed.reason, { "vedette.error.kind": "unhandledrejection" })),
  );
}

// Web vitals: https://web.dev/articles/vitals ------------------------------------------------

const vitals: Record<string, number> = {};
const told: Record<string, number> = {};

function observe(type: string, use: (entry: PerformanceEntry) => void, more: object = {}): void {
  safely(() => {
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) safely(() => use(entry));
    });
    observer.observe({ type, buffered: true, ...more } as PerformanceObserverInit);
  });
}

function watchVitals(): void {
  let hidden = document.visibilityState === "hidden" ? 0 : Number.POSITIVE_INFINITY;
  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hidden = Math.min(hidden, performance.now());
  });
  observe("paint", (entry) => {
    if (entry.name === "first-contentful-paint" && entry.startTime < hidden)
      vitals.FCP = entry.startTime;
  });
  observe("largest-contentful-paint", (entry) => {
    if (entry.startTime < hidden) vitals.LCP = entry.startTime;
  });
  // The worst burst of shifts: less than a second apart, five seconds at most.
  let [burst, first, last] = [0, 0, 0];
  observe("layout-shift", (entry) => {
    const shift = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
    if (shift.hadRecentInput) return;
    if (shift.startTime - last > 1000 || shift.startTime - first > 5000)
      [burst, first] = [0, shift.startTime];
    last = shift.startTime;
    burst += shift.value;
    vitals.CLS = Math.max(vitals.CLS ?? 0, burst);
  });
  if (PerformanceObserver.supportedEntryTypes?.includes("layout-shift")) vitals.CLS = 0;
  // The slowest interaction, one in fifty left out.
  const slowest = new Map<number, number>();
  let interactions = 0;
  const interaction = (entry: PerformanceEntry): void => {
    const one = entry as PerformanceEntry & { interactionId?: number };
    if (!one.interactionId) return;
    if (!slowest.has(one.interactionId)) interactions += 1;
    slowest.set(one.interactionId, Math.max(slowest.get(one.interactionId) ?? 0, one.duration));
    const ordered = [...slowest].sort((a, b) => b[1] - a[1]).slice(0, 10);
    slowest.clear();
    for (const [id, duration] of ordered) slowest.set(id, duration);
    vitals.INP = ordered[Math.min(ordered.length - 1, Math.floor(interactions / 50))]?.[1] ?? 0;
  };
  observe("event", interaction, { durationThreshold: 40 });
  observe("first-input", interaction);
  observe("navigation", (entry) => {
    vitals.TTFB = Math.max(0, (entry as PerformanceNavigationTiming).responseStart);
  });
}

/** Tell the vitals that are new or have changed; they are of the page that was loaded. */
function tellVitals(): void {
  for (const [name, value] of Object.entries(vitals)) {
    if (told[name] === value) continue;
    emit("browser.web_vital", {
      "browser.web_vital.name": name,
      "browser.web_vital.value": value,
      "browser.web_vital.id": loaded.id,
      "url.path": loaded.path,
      "vedette.page": loaded.template,
    });
    told[name] = value;
  }
}

let loaded = page;

// Requests ---------------------------------------------------------------------------------

const original: typeof fetch = window.fetch.bind(window);

function startSpan(method: string, address: string) {
  const url = new URL(address, location.href);
  const own = options ? url.href.startsWith(`${options.endpoint}/rum/`) : true;
  const begun = { traceId: page.trace, spanId: hex(8), start: now(), method, url, own };
  const allowed = url.origin === location.origin || (options?.propagate ?? []).includes(url.origin);
  return { ...begun, header: allowed && !own ? `00-${begun.traceId}-${begun.spanId}-01` : "" };
}

type Begun = ReturnType<typeof startSpan>;

function endSpan(begun: Begun, status: number, failure = ""): void {
  if (begun.own || !options) return;
  const { url, method } = begun;
  spans.push({
    traceId: begun.traceId,
    spanId: begun.spanId,
    parentSpanId: page.trace === begun.traceId && page.parent ? page.parent : undefined,
    name: `${method} ${templateOf(url.pathname)}`,
    kind: CLIENT,
    startTimeUnixNano: nanos(begun.start),
    endTimeUnixNano: nanos(now()),
    attributes: attributes({
      ...about(),
      "http.request.method": method,
      "url.full": url.origin + url.pathname,
      "server.address": url.hostname,
      "http.response.status_code": status || undefined,
      "error.type": failure || (status >= 400 ? String(status) : ""),
    }),
    status: { code: failure || status >= 400 ? 2 : 0 },
  });
  later();
}

function watchFetch(): void {
  window.fetch = (input: RequestInfo | URL, init?: RequestInit) => {
    let begun: Begun | undefined;
    let given: [RequestInfo | URL, RequestInit | undefined] = [input, init];
    safely(() => {
      const request = input instanceof Request ? input : undefined;
      const method = (init?.method ?? request?.method ?? "GET").toUpperCase();
      begun = startSpan(method, request ? request.url : String(input));
      if (begun.header) {
        const headers = new Headers(init?.headers ?? request?.headers);
        if (!headers.has("traceparent")) headers.set("traceparent", begun.header);
        given = [input, { ...init, headers }];
      }
    });
    const answered = original(...given);
    answered.then(
      (response) => safely(() => begun && endSpan(begun, response.status)),
      (error) => safely(() => begun && endSpan(begun, 0, error?.name || "Error")),
    );
    return answered;
  };
}

function watchRequests(): void {
  watchFetch();
  const { open, send: sendIt } = XMLHttpRequest.prototype;
  const begun = new WeakMap<XMLHttpRequest, Begun>();
  XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, ...given: unknown[]) {
    safely(() => begun.set(this, startSpan(String(given[0]).toUpperCase(), String(given[1]))));
    return (open as (...all: unknown[]) => void).apply(this, given);
  } as typeof open;
  XMLHttpRequest.prototype.send = function (this: XMLHttpRequest, body) {
    safely(() => {
      const one = begun.get(this);
      if (!one) return;
      if (one.header) this.setRequestHeader("traceparent", one.header);
      this.addEventListener("loadend", () =>
        safely(() => endSpan(one, this.status, this.status ? "" : "NetworkError")),
      );
    });
    return sendIt.call(this, body);
  };
}

// Beginning --------------------------------------------------------------------------------

function tellLoad(): void {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (!navigation) return;
  const end = performance.timeOrigin + (navigation.loadEventEnd || performance.now());
  spans.push({
    traceId: loaded.trace,
    spanId: loadSpan,
    parentSpanId: serverSpan || undefined,
    name: `load ${loaded.template}`,
    kind: CLIENT,
    startTimeUnixNano: nanos(performance.timeOrigin),
    endTimeUnixNano: nanos(end),
    attributes: attributes({
      ...about(),
      "url.path": loaded.path,
      "vedette.page": loaded.template,
    }),
    status: { code: 0 },
  });
  later();
}

const loadSpan = hex(8);
let serverSpan = "";

function init(given: Options): void {
  if (options || !given.key) return;
  options = { ...given, endpoint: given.endpoint.replace(/\/+$/, "") };
  safely(() => {
    const parent = document
      .querySelector<HTMLMetaElement>('meta[name="traceparent"]')
      ?.content.split("-");
    if (parent?.[1]?.length === 32) [page.trace, serverSpan] = [parent[1], parent[2] ?? ""];
    view("load");
    page.parent = loadSpan;
    loaded = page;
    watchPages();
    watchErrors();
    watchVitals();
    watchRequests();
    const whole = () => setTimeout(() => safely(tellLoad), 0);
    if (document.readyState === "complete") whole();
    else addEventListener("load", whole);
    const leave = () => {
      safely(tellVitals);
      flush(true);
    };
    addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
    addEventListener("pagehide", leave);
  });
}

const api = {
  init,
  captureError,
  /** Name what happened, such as `checkout.done`, with attributes. */
  event: (name: string, values: Attributes = {}) => safely(() => emit(name, values)),
  /** Whose session it is; give no name or address, but an id of your own. */
  setUser: (id: string) => {
    user = String(id).slice(0, 200);
  },
  /** Send what waits now. */
  flush: () => {
    safely(tellVitals);
    flush();
  },
};
(window as unknown as { vedette: typeof api }).vedette = api;

const script = document.currentScript as HTMLScriptElement | null;
if (script?.dataset.key) {
  const { key, endpoint, version, environment, sample, propagate, anonymous } = script.dataset;
  init({
    key,
    endpoint: endpoint ?? new URL(script.src).href.replace(/\/rum\/vedette\.js.*$/, ""),
    version,
    environment,
    sample: sample ? Number(sample) : 1,
    propagate: propagate?.split(/[\s,]+/).filter(Boolean),
    anonymous: anonymous !== undefined,
  });
}
