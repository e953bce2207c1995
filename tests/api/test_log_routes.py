"""Routes over log records: search, counts, facets, patterns, export, tail and the pipe language."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from pyarrow import parquet

from vedette.store.catalog import Scope

RANGE = {"start": "-1h", "end": "now"}
LEVELS = ("info", "info", "error")


@pytest.fixture
def stored(api_of: Callable[..., Any], account: str, reader: Any) -> Any:
    """Six records of two services, a second apart, every third one an error."""
    now = time.time()
    lines = [
        {
            "timestamp": now - 60 + n, "level": LEVELS[n % 3], "service": f"s{n % 2}",
            "message": f"order {n} took {n}0 ms", "attributes": {"step": f"x{n}", "user": "ann"},
        }
        for n in range(6)
    ]  # fmt: skip
    writer = api_of(account, Scope.INGEST)
    content = "\n".join(json.dumps(line) for line in lines)
    writer.call("POST", "/logs", content=content)
    return reader


def test_pages_forward_and_backward(stored: Any) -> None:
    first = stored.get("/logs", limit=4, q="order", **RANGE)
    assert [r["body"].split()[1] for r in first["records"]] == ["5", "4", "3", "2"]
    assert first["terms"] == ["order"]
    rest = stored.get("/logs", limit=4, q="order", cursor=first["cursor"], **RANGE)
    assert [r["body"].split()[1] for r in rest["records"]] == ["1", "0"]
    assert rest["cursor"] is None
    oldest = stored.get("/logs", limit=2, order="asc", **RANGE)
    assert [r["body"].split()[1] for r in oldest["records"]] == ["0", "1"]


def test_pages_over_days_neither_repeat_nor_skip(stored: Any) -> None:
    """A long range is read in pieces."""
    seen, cursor = [], None
    while True:
        options = {"cursor": cursor} if cursor else {}
        page = stored.get("/logs", limit=1, start="-30d", end="now", **options)
        seen += [r["body"].split()[1] for r in page["records"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert seen == ["5", "4", "3", "2", "1", "0"]


def test_histogram_facets_patterns_and_completion(stored: Any) -> None:
    counted = stored.get("/logs/histogram", points=10, **RANGE)
    assert {level: sum(counts) for level, counts in counted["series"].items()} == {
        "info": 4, "error": 2,
    }  # fmt: skip
    assert all(len(counts) == len(counted["times"]) for counts in counted["series"].values())
    (level, service) = stored.get("/logs/facets", key=["level", "service"], **RANGE)["facets"]
    assert level["values"][0] == {"value": "info", "count": 4}
    assert (service["distinct"], service["present"]) == (2, 6)
    (pattern,) = stored.get("/logs/patterns", **RANGE)["patterns"]
    assert (pattern["count"], pattern["share"], pattern["previous"]) == (6, 1.0, None)
    assert "<*>" in pattern["pattern"]
    (compared,) = stored.get("/logs/patterns", compare=True, **RANGE)["patterns"]
    assert compared["previous"] == 0


def test_export_in_every_format(stored: Any) -> None:
    def file(kind: str, **params: Any) -> Any:
        answer = stored.send("GET", "/logs/export", params={"format": kind, **RANGE, **params})
        assert answer.status_code == 200, answer.text
        assert f'filename="logs.{kind}"' in answer.headers["content-disposition"]
        return answer

    rows = list(csv.DictReader(io.StringIO(file("csv").text)))
    assert [row["body"].split()[1] for row in rows] == ["5", "4", "3", "2", "1", "0"]
    lines = [json.loads(line) for line in file("ndjson", q="level:error").text.splitlines()]
    assert [line["body"].split()[1] for line in lines] == ["5", "2"]
    table = parquet.read_table(io.BytesIO(file("parquet", limit=2).content))
    assert table.num_rows == 2
    assert {"timestamp", "body", "attributes"} <= set(table.column_names)
    # Without rows it is a file of its format still.
    assert file("csv", q="nothing-like-this").text.startswith('"timestamp"')
    none = file("parquet", q="nothing-like-this").content
    assert parquet.read_table(io.BytesIO(none)).num_rows == 0


def test_the_pipe_counts(stored: Any) -> None:
    body = {"query": "stats count(*) as n by level | sort n desc", **RANGE}
    found = stored.post("/query", body, 200)
    assert [column["name"] for column in found["columns"]] == ["level", "n"]
    assert found["data"] == [["info", "error"], [4, 2]]


def test_sql_gives_large_integers_as_text(admin: Any) -> None:
    sql = "SELECT toUInt64(9007199254740993) AS large, 9007199254740991 AS small, 'x' AS text"
    found = admin.post("/sql", {"sql": sql}, 200)
    assert found["data"] == [["9007199254740993"], [9007199254740991], ["x"]]


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/logs", {"limit": 0}, "limit"),
        ("/logs", {"order": "up"}, "order"),
        ("/logs", {"cursor": "x"}, "cursor"),
        ("/logs", {"start": "soon"}, "start"),
        ("/logs", {"start": "now", "end": "-1h"}, "start"),
        ("/logs/histogram", {"points": 0}, "points"),
        ("/logs/facets", {}, "key"),
        ("/logs/patterns", {"limit": 501}, "limit"),
        ("/logs/export", {"format": "xlsx"}, "format"),
        ("/logs/values", {}, "key"),
    ],
)
def test_bad_input_names_its_field(
    reader: Any, path: str, params: dict[str, Any], field: str
) -> None:
    error = reader.get(path, 400, **params)["error"]
    assert error["field"] == field
    assert error["remedy"]


def test_a_search_that_does_not_parse_is_refused_before_a_stream_begins(reader: Any) -> None:
    for path in ("/logs/export", "/logs/tail"):
        error = reader.get(path, 400, q="(a")["error"]
        assert error["code"] == "query_syntax"
        assert error["position"] is not None


def test_the_tail_follows_what_matches(
    api_of: Callable[..., Any], account: str, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vedette.api.logs.TAIL_SECONDS", 0.05)
    writer = api_of(account, Scope.INGEST)
    sent: list[bool] = []

    def enough(body: bytes) -> bool:
        return b"event: log" in body

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(reader.follow, "/logs/tail", enough, q="level:error")
        while not following.done() and len(sent) < 200:
            line = '{"level": "info", "message": "no"}\n{"level": "error", "message": "yes"}'
            writer.call("POST", "/logs", content=line)
            sent.append(True)
        answer = following.result(30)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [block for block in answer.text.split("\n\n") if "event: log" in block]
    records = [json.loads(block.partition("data: ")[2]) for block in events]
    assert {record["body"] for record in records} == {"yes"}
    assert all(block.startswith("id: ") for block in events)
