"""``AnyValue`` unrolled: its protobuf schema, its column type and its text, for a given depth.

The engine's protobuf reader needs finite types, and ``AnyValue`` is recursive. It is unrolled to
``depth`` levels of arrays and maps; what lies deeper is kept as the protobuf bytes of that value
(the same wire type), shown as base64. A level costs column copies on every row, so attributes are
given one level and log bodies three.
"""

from __future__ import annotations

ATTRIBUTE_DEPTH = 1
BODY_DEPTH = 3

_KINDS = (
    "'no'=0,'string_value'=1,'bool_value'=2,'int_value'=3,'double_value'=4,"
    "'array_value'=5,'kvlist_value'=6,'bytes_value'=7"
)


def proto(depth: int, *, value: str = "AnyValue", pair: str = "KeyValue") -> str:
    """Return protobuf messages ``<value>0`` and ``<pair>0`` and the levels below them."""
    lines = []
    for level in range(depth + 1):
        leaf = level == depth
        array = "bytes" if leaf else f"{value}Array{level}"
        pairs = "bytes" if leaf else f"{value}List{level}"
        lines.append(
            f"message {value}{level} {{ oneof value {{ string string_value = 1; "
            f"bool bool_value = 2; int64 int_value = 3; double double_value = 4; "
            f"{array} array_value = 5; {pairs} kvlist_value = 6; bytes bytes_value = 7; }} }}"
        )
        lines.append(f"message {pair}{level} {{ string key = 1; {value}{level} value = 2; }}")
        if not leaf:
            lines.append(
                f"message {value}Array{level} {{ repeated {value}{level + 1} values = 1; }}"
            )
            lines.append(f"message {value}List{level} {{ repeated {pair}{level + 1} values = 1; }}")
    return "\n".join(lines)


def column_type(depth: int) -> str:
    """Return the column type of an ``AnyValue``; member ``value`` names the ``oneof`` that is set.

    Presence needs the setting ``input_format_protobuf_oneof_presence``: without it 0, false and
    the empty string could not be told from absent.
    """
    leaf = depth == 0
    array = "String" if leaf else f"Tuple(values Array({column_type(depth - 1)}))"
    pairs = (
        "String"
        if leaf
        else f"Tuple(values Array(Tuple(key String, value {column_type(depth - 1)})))"
    )
    return (
        f"Tuple(value Enum8({_KINDS}), string_value String, bool_value Bool, int_value Int64, "
        f"double_value Float64, array_value {array}, kvlist_value {pairs}, bytes_value String)"
    )


def attributes_type() -> str:
    """Return the column type of ``repeated KeyValue``."""
    return f"Array(Tuple(key String, value {column_type(ATTRIBUTE_DEPTH)}))"


def text(expression: str, depth: int, *, json: bool = False) -> str:
    """Return SQL for the value as text, as the collector writes it (arrays and maps as JSON).

    Args:
        expression: SQL of a value of ``column_type(depth)``.
        depth: how many levels of arrays and maps the type holds.
        json: quote strings and bytes, for a value inside an array or a map.

    """
    v = expression
    string = f"toJSONString({v}.string_value)" if json else f"{v}.string_value"
    raw = f"base64Encode({v}.bytes_value)"
    branches = [
        f"{v}.value = 'string_value', {string}",
        f"{v}.value = 'int_value', toString({v}.int_value)",
        f"{v}.value = 'double_value', toString({v}.double_value)",
        f"{v}.value = 'bool_value', if({v}.bool_value, 'true', 'false')",
        f"{v}.value = 'bytes_value', {_quoted(raw) if json else raw}",
    ]
    if depth > 0:
        x = f"x{depth}"
        items = f"arrayMap({x} -> {text(x, depth - 1, json=True)}, {v}.array_value.values)"
        pairs = (
            f"arrayMap({x} -> concat(toJSONString({x}.key), ':', "
            f"{text(f'{x}.value', depth - 1, json=True)}), {v}.kvlist_value.values)"
        )
        branches.append(
            f"{v}.value = 'array_value', concat('[', arrayStringConcat({items}, ','), ']')"
        )
        branches.append(
            f"{v}.value = 'kvlist_value', concat('{{', arrayStringConcat({pairs}, ','), '}}')"
        )
    else:
        for member in ("array_value", "kvlist_value"):
            deep = f"base64Encode({v}.{member})"
            branches.append(f"{v}.value = '{member}', {_quoted(deep) if json else deep}")
    return f"multiIf({', '.join(branches)}, {repr('null') if json else repr('')})"


def attributes(expression: str) -> str:
    """Return SQL for ``repeated KeyValue`` as a ``Map(LowCardinality(String), String)``.

    Where a row's attributes are all scalars, which is nearly always, the branches for arrays and
    maps are not evaluated for it. Passing the members to the lambda one by one, instead of the
    tuple, spares the engine copying tuples for every branch: it is three times as fast.
    """
    value = f"{expression}.value"
    nested = f"arrayExists(k -> k >= 'array_value', {value}.value)"
    full = f"arrayMap(v -> {text('v', ATTRIBUTE_DEPTH)}, {value})"
    scalar = (
        "arrayMap((k, s, i, d, b) -> multiIf(k = 'string_value', s, k = 'int_value', toString(i), "
        "k = 'double_value', toString(d), k = 'bool_value', if(b, 'true', 'false'), ''), "
        f"{value}.value, {value}.string_value, {value}.int_value, {value}.double_value, "
        f"{value}.bool_value)"
    )
    return (
        f"CAST(mapFromArrays({expression}.key, if({nested}, {full}, {scalar})), "
        "'Map(LowCardinality(String), String)')"
    )


def _quoted(sql: str) -> str:
    return f"concat('\"', {sql}, '\"')"
