"""What a log record is to those who ask for it."""

RECORD = """
    Timestamp AS timestamp, SeverityText AS severity_text, SeverityNumber AS severity_number,
    ServiceName AS service_name, Body AS body, TraceId AS trace_id, SpanId AS span_id,
    EventName AS event_name, ScopeName AS scope_name, LogAttributes AS attributes,
    ResourceAttributes AS resource, ReceivedTime AS received_time
"""
