"""OTLP as the engine reads it: protobuf schemas, column types and value conversions as text.

The engine decodes protobuf itself; nothing here touches a message. ``any_value`` unrolls the
recursive ``AnyValue`` to a fixed depth, the ``.proto.j2`` files are the parts of the OTLP 1.x
protobuf definitions (https://github.com/open-telemetry/opentelemetry-proto) that are stored.
"""
