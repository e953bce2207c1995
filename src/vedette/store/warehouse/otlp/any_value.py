"""``AnyValue`` unrolled: its protobuf schema, its column type and its text, for a given depth.

The engine's protobuf reader needs finite types, and ``AnyValue`` is recursive. It is unrolled to
``depth`` levels of arrays and maps; what lies deeper is kept as the protobuf bytes of that value
(the same wire type), shown as a JSON string. A level costs column copies on every row, so attributes are
given one level and log bodies three.
"""

from __future__ import annotations

ATTRIBUTE_DEPTH = 1
BODY_DEPTH = 3

_KINDS = (
    "'no'=0,'string_value'=1,'bool_value'=2,'int_value'=3,'double_value'=4,"
    "'array_value'=5,'kvlist_value'=6,'bytes_value'=7"
)

_SCALARS = ("value", "string_value", "int_value", "double_value", "bool_value", "bytes_value")
_STRING = r'"(?:[^"\\]|\\.)*"'
_BYTES = r'"\C*?"'  # what is in it may not be UTF-8
_NOTHING = r'(?:""|\{"values":\[\]\})'
_BEFORE = r'"string_value":"","bool_value":false,"int_value":0,"double_value":0'
_AFTER = rf'"array_value":{_NOTHING},"kvlist_value":{_NOTHING},"bytes_value":""\}}\}}?'
# A value that ends a pair is followed by the pair's own brace, which goes with it.
_REPLACEMENTS = (
    (
        rf'\{{"value":"(?:string_value","string_value":({_STRING}),"bool_value":false,"int_value":0,'
        r'"double_value":0|bool_value","string_value":"","bool_value":(true|false),"int_value":0,'
        r'"double_value":0|int_value","string_value":"","bool_value":false,"int_value":(-?\d+),'
        r'"double_value":0|double_value","string_value":"","bool_value":false,"int_value":0,'
        rf'"double_value":([^,]+)),{_AFTER}',
        r"\1\2\3\4",
    ),
    (
        rf'\{{"value":"bytes_value",{_BEFORE},"array_value":{_NOTHING},"kvlist_value":{_NOTHING},'
        rf'"bytes_value":({_BYTES})\}}\}}?',
        r"\1",
    ),
    (rf'\{{"value":"no",{_BEFORE},{_AFTER}', "null"),
    # Below the last level arrays and maps are the bytes of their messages.
    (
        rf'\{{"value":"array_value",{_BEFORE},"array_value":({_BYTES}),'
        r'"kvlist_value":"","bytes_value":""\}\}?',
        r"\1",
    ),
    (
        rf'\{{"value":"kvlist_value",{_BEFORE},"array_value":"",'
        rf'"kvlist_value":({_BYTES}),"bytes_value":""\}}\}}?',
        r"\1",
    ),
    (
        rf'\{{"value":"kvlist_value",{_BEFORE},"array_value":\{{"values":\[\]\}},'
        r'"kvlist_value":\{"values":\[',
        "{",
    ),
    (rf'\{{"value":"array_value",{_BEFORE},"array_value":\{{"values":\[', "["),
    (r'\]\},"kvlist_value":\{"values":\[\]\},"bytes_value":""\}\}?', "]"),
    (r'\]\},"bytes_value":""\}\}?', "}"),
    (rf'\{{"key":({_STRING}),"value":', r"\1:"),
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


def member(path: str) -> str:
    """Return SQL for a member of a tuple, or of each tuple of an array: ``span.events.name``.

    Written with dots, the engine looks through every member of every level of the whole type, some
    hundreds here, for each that is named: half of the time that a small group of metrics takes.
    """
    expression, *names = path.split(".")
    for name in names:
        expression = f"tupleElement({expression}, '{name}')"
    return expression


def text(path: str) -> str:
    """Return SQL for the value as text, as the collector writes it (arrays and maps as JSON)."""
    scalar = _scalar(*(member(f"{path}.{name}") for name in _SCALARS))
    return f"multiIf({scalar}, {_json(member(path))})"


def _scalar(kind: str, string: str, integer: str, double: str, boolean: str, octets: str) -> str:
    """Return the conditions and texts of a ``multiIf`` for what is no array and no map."""
    return (
        f"{kind} = 'string_value', {string}, {kind} = 'int_value', toString({integer}), "
        f"{kind} = 'double_value', toString({double}), "
        f"{kind} = 'bool_value', if({boolean}, 'true', 'false'), "
        f"{kind} = 'bytes_value', base64Encode({octets}), {kind} = 'no', ''"
    )


def _json(v: str) -> str:
    """Return SQL for an array or a map as JSON.

    The engine writes the whole tuple as JSON, and a few replacements keep of each value the member
    that is set. An expression unrolled over the levels instead would say the same, but analysing it
    takes the engine longer than decoding a small group. No replacement can match inside a string:
    each needs a quote that is not escaped.
    """
    sql = f"toJSONString({v})"
    for pattern, replacement in _REPLACEMENTS:
        sql = f"replaceRegexpAll({sql}, {_literal(pattern)}, {_literal(replacement)})"
    return sql


def attributes(path: str) -> str:
    """Return SQL for ``repeated KeyValue`` as a ``Map(LowCardinality(String), String)``.

    The members come to the lambda one by one: those of a tuple would be copied for every branch.
    The whole value is only for arrays and maps, and copied only where there is one.
    """
    scalar = _scalar("k", "s", "i", "d", "b", "y")
    members = ", ".join(member(f"{path}.value.{name}") for name in _SCALARS)
    texts = (
        f"arrayMap((k, s, i, d, b, y, v) -> multiIf({scalar}, {_json('v')}), "
        f"{members}, {member(f'{path}.value')})"
    )
    keys = member(f"{path}.key")
    return f"CAST(mapFromArrays({keys}, {texts}), 'Map(LowCardinality(String), String)')"


def _literal(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
