"""Statements of the service map.

Spans are grouped before anything wide is built from them: narrow columns, one join on the 64-bit
hashes of span and parent, and attributes looked up only where a kind of span can have them.
"""

from __future__ import annotations

from vedette.telemetry.ranges import in_coarse_range
from vedette.telemetry.traces.filters import in_range

BUCKETS_PER_DOUBLING = 16
"""Fine latency buckets between a duration and its double: a quantile is off by 2.2 % at most."""

INVENTORY = f"""
SELECT ServiceName AS service, SpanKind AS kind, sum(Count) AS spans
FROM @span_metrics_1m
WHERE {in_coarse_range("Minute", "toStartOfMinute")}
GROUP BY service, kind
"""

NAMES_URLS = f"""
SELECT countIf(Key = 'http.url') > 0
    OR (countIf(Key = 'url.full') > 0 AND countIf(Key = 'server.address') = 0)
FROM @attribute_values
WHERE Signal = 'traces' AND Key IN ('http.url', 'url.full', 'server.address')
    AND {in_coarse_range("Bucket", "toStartOfFifteenMinutes")}
"""
"""Whether some clients say whom they called by URL alone, as conventions before 1.20 had it."""


def _first(*keys: str) -> str:
    """Return the value of the first of some span attributes that is there."""
    pairs = "".join(
        f"SpanAttributes['{key}'] != '', SpanAttributes['{key}'], " for key in keys[:-1]
    )
    last = f"SpanAttributes['{keys[-1]}']"
    return f"multiIf({pairs}{last})" if pairs else last


_HTTP = f"toUInt16OrZero({_first('http.response.status_code', 'http.status_code')})"
_RPC = f"toUInt16OrZero({_first('rpc.grpc.status_code', 'rpc.response.status_code')})"
# gRPC codes that say the caller is at fault: cancelled, invalid argument, not found, already
# exists, permission denied, failed precondition, out of range, unauthenticated; 8 is "resource
# exhausted". Only a span with status Error is asked for its code: the others went well.
OUTCOME = f"""
multiIf(
    http = 429, 'throttle',
    http BETWEEN 400 AND 499, 'error',
    http >= 500, 'fault',
    StatusCode != 'Error', 'ok',
    ({_RPC} AS rpc) = 8, 'throttle',
    rpc IN (1, 3, 5, 6, 7, 9, 11, 16), 'error',
    'fault')
"""

# OpenTelemetry's consistent sampling: a span kept with probability p stands for 1/p spans. The
# threshold is 56 bits in hexadecimal, trailing zeros left out (tracestate member "ot", key "th").
_THRESHOLD = r"extract(TraceState, '(?:^|,)\\s*ot=(?:[^,;]*;)*th:([0-9a-f]{1,14})')"
WEIGHT = f"""
if(TraceState = '', 1.,
    72057594037927936. / (72057594037927936. - reinterpretAsUInt64(
        reverse(unhex(concat('00', rightPad({_THRESHOLD}, 14, '0')))))))
"""
_BUCKET = f"toUInt16(log2(Duration + 1) * {BUCKETS_PER_DOUBLING})"
_CALLER = "SpanKind IN ('Client', 'Producer')"
# What a caller's span says about the other side, as the conventions of several years spell it.
_SAID = f"""
    {_first("db.system.name", "db.system")} AS db_system,
    {_first("db.namespace", "db.name")} AS db_name,
    SpanAttributes['messaging.system'] AS messaging_system,
    {_first("messaging.destination.name", "messaging.destination")} AS topic,
    {_first("messaging.operation.type", "messaging.operation")} AS operation,
    SpanAttributes['peer.service'] AS peer_service,
    {_first("server.address", "net.peer.name", "net.peer.ip")} AS server_address,
    {_first("server.port", "net.peer.port")} AS server_port
"""
_TARGET_TYPE = f"""
multiIf(
    NOT ({_CALLER}), '',
    db_system != '', 'database',
    messaging_system = '', 'external',
    SpanKind = 'Producer' OR operation IN ('send', 'publish', 'create'), 'messaging',
    'ignored')
"""
# The other side's system, address, port and name.
_TARGET = """
    multiIf(target_type = 'database', db_system, target_type = 'messaging', messaging_system, '')
        AS system,
    if(target_type = 'external', peer_service, '') AS peer,
    if(target_type IN ('database', 'external'), server_address, '') AS named,
    multiIf(peer != '', peer, named != '', named, target_type = 'external', url_host, '')
        AS address,
    if(peer = '' AND named != '', server_port, '') AS address_port,
    multiIf(target_type = 'database', db_name, target_type = 'messaging', topic, '') AS target_name
"""
_KEYS = ", ".join(
    f"'{key}'"
    for key in (
        "http.response.status_code", "http.status_code", "rpc.grpc.status_code",
        "rpc.response.status_code", "db.system.name", "db.system", "db.namespace", "db.name",
        "messaging.system", "messaging.destination.name", "messaging.destination",
        "messaging.operation.type", "messaging.operation", "peer.service", "server.address",
        "server.port", "net.peer.name", "net.peer.ip", "net.peer.port",
    )
)  # fmt: skip
_URL = _first("url.full", "http.url")
URL_HOST = f"""
if(SpanKind = 'Client' AND NOT has(SpanAttributes.keys, 'server.address'),
    concat(domain({_URL}), if(port({_URL}) = 0, '', concat(':', toString(port({_URL}))))), '')
"""
"""Host of the URL that was called; looked at only where clients name URLs and no addresses."""

_SPAN = f"""
SELECT
    SpanHash, ServiceName, SpanKind, StatusCode, ParentHash != 0 AS from_parent,
    {_BUCKET} AS bucket, {WEIGHT} AS weight, Duration * weight AS duration,
    arrayFilter(k -> k IN ({_KEYS}), SpanAttributes.keys) AS keys,
    arrayFilter((v, k) -> k IN ({_KEYS}), SpanAttributes.values, SpanAttributes.keys) AS values,
    {{url_host}} AS url_host,
    cityHash64(keys, values, url_host) AS said
FROM @otel_traces
WHERE {in_range()} AND {{sample}}
    AND (SpanKind IN ('Server', 'Client', 'Producer', 'Consumer') OR ParentHash = 0)
"""
# Attributes are only hashed span by span; what they mean is worked out once for each group.
_GROUPS = f"""
SELECT
    span.ServiceName AS service, span.SpanKind AS kind, span.from_parent AS from_parent,
    span.StatusCode AS StatusCode, span.bucket AS bucket, span.said AS said,
    child.ServiceName AS child_service, child.SpanKind AS child_kind,
    any(span.keys) AS keys, any(span.values) AS values, any(span.url_host) AS url_host,
    count() AS spans, sum(span.weight) AS weight, sum(span.duration) AS duration
FROM ({_SPAN}) AS span
LEFT ANY JOIN
(
    SELECT ParentHash, ServiceName, SpanKind
    FROM @otel_traces
    WHERE {in_range("pair_")} AND SpanKind IN ('Server', 'Consumer') AND ParentHash != 0
) AS child ON span.SpanHash = child.ParentHash
GROUP BY service, kind, from_parent, StatusCode, bucket, said, child_service, child_kind
"""
# The engine's analysis of a statement grows with each use of an expression by its alias, and then
# with each query around it: so every expression is the column of a query of its own.
_ATTRIBUTES = f"""
SELECT
    toString(service) AS service, toString(kind) AS SpanKind, from_parent, bucket, StatusCode,
    toString(child_service) AS callee, toString(child_kind) AS callee_kind,
    spans, weight, duration, url_host,
    CAST((arrayMap(k -> toString(k), keys), values), 'Map(String, String)') AS SpanAttributes
FROM ({_GROUPS})
"""
_MEANT = f"""
SELECT
    service, SpanKind, from_parent, bucket, callee, callee_kind, spans, weight, duration, outcome,
    target_type, {_TARGET}
FROM
(
    SELECT *, {_TARGET_TYPE} AS target_type
    FROM
    (
        SELECT * EXCEPT (SpanAttributes), {_HTTP} AS http, {OUTCOME} AS outcome, {_SAID}
        FROM ({_ATTRIBUTES})
    )
)
"""
# Calls whose other side did not report went where all others to that address went.
_CALLED = f"""
SELECT
    *,
    multiIf(
        target_type = 'messaging', '',
        callee != '', callee,
        target_type = 'external' AND address != '' AND one = other, one,
        '') AS called,
    multiIf(SpanKind IN ('Server', 'Consumer'), 1, NOT from_parent, 2, 3) AS node_basis,
    arrayJoin(if({_CALLER}, if(from_parent, ['edge'], ['edge', 'node']), ['node'])) AS role
FROM
(
    SELECT
        *,
        minIf(callee, callee != '') OVER (PARTITION BY target_type, address, address_port) AS one,
        maxIf(callee, callee != '') OVER (PARTITION BY target_type, address, address_port) AS other
    FROM ({_MEANT})
)
"""

CALLS = f"""
SELECT
    role, source, sink_type, sink, sink_system, sink_address, sink_port, basis,
    sum(weight) AS count,
    sumIf(weight, outcome = 'throttle') AS throttles,
    sumIf(weight, outcome = 'error') AS errors,
    sumIf(weight, outcome = 'fault') AS faults,
    sum(duration) AS total_ns,
    sumMap([bucket], [weight]) AS histogram,
    sumIf(spans, SpanKind = 'Server' AND from_parent) AS entries,
    sumIf(spans, role = 'edge' AND callee_kind = 'Server') AS paired
FROM
(
    SELECT
        role, service AS source, SpanKind, from_parent, callee_kind, bucket, outcome,
        spans, weight, duration,
        if(role = 'edge', 0, node_basis) AS basis,
        multiIf(role = 'node', '', called != '', 'service', target_type) AS sink_type,
        multiIf(role = 'node', '', called != '', called, target_name) AS sink,
        if(role = 'node' OR called != '', '', system) AS sink_system,
        if(role = 'node' OR called != '', '', address) AS sink_address,
        if(role = 'node' OR called != '', '', address_port) AS sink_port
    FROM ({_CALLED})
)
GROUP BY role, source, sink_type, sink, sink_system, sink_address, sink_port, basis
ORDER BY count DESC, source, sink
LIMIT {{most:UInt32}} BY role
"""

DIRECT = f"""
SELECT
    parent.ServiceName AS source, child.ServiceName AS sink,
    sum(child.weight) AS count, 0 AS throttles, 0 AS errors,
    sumIf(child.weight, child.StatusCode = 'Error') AS faults,
    sum(child.weight * child.Duration) AS total_ns,
    sumMap([child.bucket], [child.weight]) AS histogram
FROM
(
    SELECT ParentHash, ServiceName, StatusCode, Duration, {WEIGHT} AS weight, {_BUCKET} AS bucket
    FROM @otel_traces
    WHERE {in_range()} AND {{sample}} AND SpanKind = 'Server' AND ParentHash != 0
) AS child
LEFT ANY JOIN
(
    SELECT SpanHash, ServiceName
    FROM @otel_traces
    WHERE {in_range("pair_")} AND SpanKind NOT IN ('Client', 'Producer')
) AS parent ON child.ParentHash = parent.SpanHash
WHERE parent.SpanHash != 0 AND parent.ServiceName != child.ServiceName
GROUP BY source, sink
ORDER BY count DESC, source, sink
LIMIT {{most:UInt32}}
"""
"""Servers called by a span that is not a client's: that span measures more than the call, so these
edges alone have the callee's statistics."""

MAX_LINKS = 100

MESSAGES = f"""
SELECT
    sink, system, topic, source,
    sumIf(weight, place = 1) AS count,
    sumIf(weight, place = 1 AND outcome = 'throttle') AS throttles,
    sumIf(weight, place = 1 AND outcome = 'error') AS errors,
    sumIf(weight, place = 1 AND outcome = 'fault') AS faults,
    sumIf(duration, place = 1) AS total_ns,
    sumMapIf([bucket], [weight], place = 1) AS histogram,
    countIf(paired) AS ages,
    avgIf(age, paired) AS age_mean_ns,
    maxIf(age, paired) AS age_max_ns,
    quantilesTDigestIf(0.5, 0.95)(age, paired) AS age_quantiles_ns
FROM
(
    SELECT
        consumer.ServiceName AS sink, consumer.outcome AS outcome, consumer.bucket AS bucket,
        consumer.weight AS weight, consumer.duration AS duration, consumer.place AS place,
        if(consumer.topic != '', consumer.system, producer.system) AS system,
        if(consumer.topic != '', consumer.topic, producer.topic) AS topic,
        if(topic = '', toString(producer.ServiceName), '') AS source,
        producer.SpanHash != 0 AS paired,
        toFloat64(greatest(0, consumer.start_ns - producer.end_ns)) AS age
    FROM
    (
        SELECT
            ServiceName, toUnixTimestamp64Nano(Timestamp) AS start_ns,
            {_HTTP} AS http, {OUTCOME} AS outcome, {_BUCKET} AS bucket,
            {WEIGHT} AS weight, Duration * weight AS duration,
            SpanAttributes['messaging.system'] AS system,
            {_first("messaging.destination.name", "messaging.destination")} AS topic,
            arraySlice(arrayDistinct(arrayConcat([ParentHash],
                arrayMap((t, s) -> cityHash64(t, s), Links.TraceId, Links.SpanId))),
                1, {MAX_LINKS}) AS senders,
            sender, place
        FROM @otel_traces
        ARRAY JOIN senders AS sender, arrayEnumerate(senders) AS place
        WHERE {in_range()} AND {{sample}} AND SpanKind = 'Consumer'
    ) AS consumer
    LEFT ANY JOIN
    (
        SELECT
            SpanHash, ServiceName, toUnixTimestamp64Nano(Timestamp) + Duration AS end_ns,
            SpanAttributes['messaging.system'] AS system,
            {_first("messaging.destination.name", "messaging.destination")} AS topic
        FROM @otel_traces
        WHERE {in_range("sent_")} AND SpanKind = 'Producer'
    ) AS producer ON consumer.sender = producer.SpanHash
)
GROUP BY sink, system, topic, source
HAVING topic != '' OR source != ''
ORDER BY count DESC, sink, topic
LIMIT {{most:UInt32}}
"""
