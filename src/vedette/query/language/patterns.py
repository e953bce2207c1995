"""Patterns of messages: what varies becomes ``<*>``, and what remains names the kind of message.

Three steps, all in the engine and all bounded:

1. *Normalise* each message (its first 2,048 characters): white space is one space; quoted text
   (unless the message is JSON, where quotes hold the keys), UUIDs, times, addresses, hexadecimal
   and other numbers and words that mix digits with letters become ``<*>`` by regular expressions.
2. *Group* by the result and keep the 2,000 most frequent.
3. *Merge*, twice: two patterns are alike at a place if they have the same number of words and
   differ in that word only. Where five or more patterns are alike, the word varies and becomes
   ``<*>``. The second pass finds places that only come to light when others are merged. A pattern
   of one word or of more than 64 stays as it is, and none becomes all ``<*>``.

Leaving one word out and grouping by the rest needs no pairwise comparison: the work grows with
the number of patterns times their words, at most 128,000 rows.
"""

from __future__ import annotations

WILDCARD = "<*>"
"""What stands for a part that varies."""
MAX_PATTERNS = 2000
"""Most distinct patterns that take part in merging; the most frequent are kept."""
SERIES_POINTS = 60
"""Intervals that a pattern's counts over time are kept in."""

_MAX_CHARACTERS = 2048
_MAX_WORDS = 64
_MERGE_AT = 5
_SAMPLE_CHARACTERS = 1024
_MEASURES = ("occurrences", "previous", "total", "sample", "points")
_PEAK = 5  # fewer messages in an interval are never an anomaly

_QUOTED = (
    (r"(^|[\\s=(\\[,:])\"[^\"]*\"", r"\\1<*>"),
    (r"(^|[\\s=(\\[,:])'[^']*'", r"\\1<*>"),
)
_DATE = (
    r"\\b\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?"
    r"(?:Z|[+-]\\d\\d:?\\d\\d)?"
)
_VARIABLE = (
    # White space.
    (r"\\s+", " "),
    # UUIDs.
    (r"\\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\\b", WILDCARD),
    # Dates with times.
    (_DATE, WILDCARD),
    # MAC and IPv6 addresses, full or shortened.
    (r"\\b(?:[0-9a-fA-F]{1,4}:){3,7}(?::?[0-9a-fA-F]{1,4})\\b", WILDCARD),
    (r"(?:\\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?::(?:[0-9a-fA-F]{1,4}\\b:?)+", WILDCARD),
    # E-mail addresses.
    (r"[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+", WILDCARD),
    # Hexadecimal numbers.
    (r"\\b(?:0x[0-9a-fA-F]+|[0-9a-fA-F]{8,})\\b", WILDCARD),
    # Words in which digits and letters alternate: names of pods, request ids.
    (r"\\b\\w*\\d[A-Za-z_]+\\d\\w*\\b", WILDCARD),
    # Numbers, with sign, fraction, port, or IPv4 dots.
    (r"[+-]?\\d+(?:[.,:]\\d+)*", WILDCARD),
    # Neighbours become one.
    (r"<\\*>(?:[-_.:/+]?<\\*>)+", WILDCARD),
)


def pattern_sql(text: str) -> str:
    """Return the expression that normalises a text expression to its pattern (step 1)."""
    short = f"substringUTF8({text}, 1, {_MAX_CHARACTERS})"
    plain = short
    for regex, replacement in _QUOTED:
        plain = _replaced(plain, regex, replacement)
    sql = f"if(startsWith({short}, '{{'), {short}, {plain})"
    for regex, replacement in _VARIABLE:
        sql = _replaced(sql, regex, replacement)
    return f"trimBoth({sql})"


def _replaced(sql: str, regex: str, replacement: str) -> str:
    literal = regex.replace("'", "\\'")
    return f"replaceRegexpAll({sql}, '{literal}', '{replacement}')"


def pattern_stages(
    relation: str,
    text: str,
    prefix: str,
    *,
    time: str | None = None,
    previous: str | None = None,
    series: str | None = None,
) -> list[tuple[str, str]]:
    """Return named queries (CTEs) of which the last has a row for each pattern.

    Its columns are ``pattern``; ``occurrences``; ``previous``, those of the period compared with;
    ``total``, the occurrences of all patterns, also beyond the bound; ``sample``, one message; and
    ``points``, the counts over time.

    Args:
        relation: what rows are read from.
        text: the text expression.
        prefix: start of the names of the queries.
        time: the rows' time, if they have one: the sample is then the latest message.
        previous: a condition on rows of the period compared with, which are counted apart.
        series: the expression of a row's interval (0 to 59), if counts over time are needed.

    """
    body = f"ifNull({text}, '')"
    sample = f"substringUTF8({body}, 1, {_SAMPLE_CHARACTERS})"
    now = f"countIf(NOT {previous})" if previous else "count()"
    measures = {
        "occurrences": now,
        "previous": f"countIf({previous})" if previous else "toUInt64(0)",
        "total": f"sum({now}) OVER ()",
        "sample": f"argMax({sample}, {time})" if time else f"min({sample})",
        "points": f"sumMap(map({series}, toUInt64(1)))" if series else "0",
    }
    listed = ", ".join(f"{sql} AS {name}" for name, sql in measures.items())
    first = (
        f"SELECT {pattern_sql(body)} AS pattern, {listed} FROM {relation}"
        f" WHERE {body} != '' GROUP BY pattern"
        f" ORDER BY occurrences + previous DESC, pattern LIMIT {MAX_PATTERNS}"
    )
    stages = [(f"{prefix}0", first)]
    for _ in range(2):
        names = [f"{prefix}{len(stages) + step}" for step in range(4)]
        stages += _merge(stages[-1][0], names, series=series is not None)
    return stages


def _merge(relation: str, names: list[str], *, series: bool) -> list[tuple[str, str]]:
    """Return the four queries of one merging pass (step 3)."""
    split, alike, varying, merged = names
    # Columns are qualified throughout: a bare name would mean the alias made beside it.
    places = "arrayEnumerate(words)"
    others = f"arrayMap((word, at) -> if(at = place, '', word), words, {places})"
    merging = f"if(length(words) BETWEEN 2 AND {_MAX_WORDS}, {places}, [toUInt32(0)])"
    joined = f"arrayMap((word, at) -> if(has(varying, at), '{WILDCARD}', word), words, {places})"
    generic = f"arrayAll((word, at) -> has(varying, at) OR word = '{WILDCARD}', words, {places})"
    kept = ", ".join(f"any({alike}.{name}) AS {name}" for name in ("words", *_MEASURES))
    points = f"sumMap({varying}.points)" if series else f"any({varying}.points)"
    words = f"SELECT *, splitByChar(' ', pattern) AS words FROM {relation}"
    similar = f"count() OVER (PARTITION BY length(words), place, cityHash64({others}))"
    each_place = f"SELECT *, place, {similar} AS similar FROM {split} ARRAY JOIN {merging} AS place"
    each_pattern = (
        f"SELECT {alike}.pattern AS pattern, {kept},"
        f" groupArrayIf(place, place > 0 AND similar >= {_MERGE_AT}) AS varying"
        f" FROM {alike} GROUP BY {alike}.pattern"
    )
    each_merged = (
        f"SELECT if(empty(varying) OR {generic}, {varying}.pattern,"
        f" arrayStringConcat({joined}, ' ')) AS pattern,"
        f" sum({varying}.occurrences) AS occurrences, sum({varying}.previous) AS previous,"
        f" any({varying}.total) AS total,"
        f" argMax({varying}.sample, {varying}.occurrences) AS sample, {points} AS points"
        f" FROM {varying} GROUP BY pattern"
    )
    return [(split, words), (alike, each_place), (varying, each_pattern), (merged, each_merged)]


def series_interval(time: str, start: str, end: str) -> str:
    """Return the number (0 to 59) of the interval of the range that a time lies in."""
    first, last = f"toUnixTimestamp64Nano({start})", f"toUnixTimestamp64Nano({end})"
    share = f"(toUnixTimestamp64Nano({time}) - {first}) / greatest({last} - {first}, 1)"
    return f"toUInt8(greatest(0, least({SERIES_POINTS - 1}, floor({share} * {SERIES_POINTS}))))"


def series_score() -> str:
    """Return how far the most unusual interval of ``points`` lies outside Tukey's far fences."""
    series = f"arrayMap(at -> toFloat64(points[toUInt8(at)]), range({SERIES_POINTS}))"
    outliers = f"seriesOutliersDetectTukey({series}, 0.25, 0.75, 3.0)"
    peak = f"arrayMax({series})"
    return f"if({peak} >= {_PEAK}, arrayMax(arrayMap(x -> abs(x), {outliers})), 0)"
