"""No statement goes without its account: what `scoped` refuses, and who speaks to the warehouse."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vedette
from vedette.query.scope import (
    ACCOUNT_PARAMETER,
    TABLES,
    UnscopedStatementError,
    bound,
    scoped,
    table_source,
)

SOURCE = Path(vedette.__file__).parent
ABOVE_THE_SCOPE = (
    "alarms", "api", "business", "data", "experience", "models", "monitors", "notifications", "query", "receivers",
    "telemetry", "web",
)  # fmt: skip
"""Packages whose statements must go through the scope."""
WITHOUT_SCOPE = {
    "data/profiles.py",
    "models/production/references.py",
    "telemetry/retention.py",
    "telemetry/metric_filters/derivation.py",
    "telemetry/metric_filters/emf_sql.py",
    "telemetry/metric_filters/statements.py",
}
"""Retention deletes what is past its time, metric filters write points: both in every account.
Freezing a baseline copies rows within the engine, a reference is deleted there. Each of their
statements names the account itself, carries it from row to row, or drops what no account keeps."""
EXAMPLES = {"SELECT count() FROM otel_logs"}
"""Shown in the API's documentation as what a user may write."""

_RAW = re.compile(rf"\b(?:FROM|JOIN|INTO|TABLE)\s+[`\"]?(?:{'|'.join(TABLES)})\b", re.IGNORECASE)
_WAREHOUSE_METHODS = {"query", "fetch", "stream", "execute", "insert"}


def modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (SOURCE / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def statements(path: Path, *, whole: bool = False) -> list[str]:
    """Return every text in a module that is more than a docstring.

    Of f-strings the fixed parts, or with ``whole`` none.
    """
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    }
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and not (whole and id(node) in parts)
    ]


@pytest.mark.parametrize("path", modules(*ABOVE_THE_SCOPE), ids=name_of)
def test_no_statement_above_the_store_names_a_fact_table_itself(path):
    if name_of(path) in WITHOUT_SCOPE:
        pytest.skip("its statements name the account themselves")
    assert {text for text in statements(path) if _RAW.search(text)} <= EXAMPLES


def test_the_check_above_sees_a_statement(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('"""FROM otel_logs in a docstring."""\nSQL = f"SELECT {1} FROM otel_logs"\n')
    assert [text for text in statements(module) if _RAW.search(text)] == [" FROM otel_logs"]


@pytest.mark.parametrize("path", modules("telemetry", "api"), ids=name_of)
def test_every_statement_with_marks_can_be_scoped(path):
    """A mark that is no table, or a table beside a mark, fails here and not at a user's request."""
    for text in statements(path, whole=True):
        # A template is whole only once its table is filled in.
        if re.search(r"@[a-z_0-9]*[{%$]|@[a-z_0-9]*_(?![a-z0-9])", text):
            continue
        if re.search(r"@[a-z_]", text) and re.search(r"\bSELECT\b", text):
            marks = re.findall(r"@([a-z_0-9]+)", text)
            statement = scoped(text.replace("{{", "{").replace("}}", "}"))
            assert statement.count(f"{{{ACCOUNT_PARAMETER}:String}}") == len(marks)


def test_only_the_runner_and_the_store_speak_to_the_warehouse():
    found = set()
    for path in sorted(SOURCE.rglob("*.py")):
        if name_of(path).startswith("store/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in _WAREHOUSE_METHODS
                and isinstance(node.value, ast.Name | ast.Attribute)
                and (node.value.id if isinstance(node.value, ast.Name) else node.value.attr).lstrip(
                    "_"
                )
                == "warehouse"
            ):
                found.add(name_of(path))
    assert found <= {
        "query/runner.py",  # scopes every statement
        "telemetry/retention.py",
        "data/samples.py",  # inserts kept rows that carry their account
        "data/profiles.py",  # inserts states that carry their account; freezes a copy of them
        "monitors/results.py",  # inserts results that carry their account
        "business/kpis/values.py",  # inserts values that carry their account
        "experience/slo/counts.py",  # inserts counts that carry their account
        "experience/synthetic/runs.py",  # inserts runs that carry their account
        "governance/accounts/quotas.py",  # measures every account
        "governance/audit/trail.py",  # inserts calls that carry their account
        "governance/audit/digests.py",  # digests cover every account
        "governance/audit/export.py",  # exports what one account may see, or its admins all
        "governance/audit/metrics.py",  # counts calls, by account
        "governance/audit/holds.py",  # deletes what is past its time
        "models/production/references.py",  # deletes an account's reference
        "alarms/history.py",  # inserts changes that carry their account
        "telemetry/metric_filters/derivation.py",  # derives for all accounts
        "models/tracking/metric_points.py",  # inserts points that carry their account
        "pipelines/measures.py",  # finds the accounts whose pipelines ran
        "infrastructure/measures.py",  # finds the accounts that have storage
        "server/health.py",  # SELECT 1
        "ingest/batches.py",
        "ingest/commit.py",
        "ingest/derive.py",  # derives for all accounts
        "ingest/rejected.py",
    }


def test_a_mark_becomes_the_accounts_rows():
    assert scoped("SELECT 1 FROM @otel_logs AS l") == (
        "SELECT 1 FROM (SELECT * FROM otel_logs WHERE Account = {vedette_account:String}) AS l"
    )
    assert "SpanHash" in table_source("otel_traces")
    assert bound("acme", {"x": 1}) == {"x": 1, ACCOUNT_PARAMETER: "acme"}


@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize(
    "shape",
    [
        "SELECT * FROM {}",
        "select * from {}",
        'SELECT * FROM "{}"',
        "SELECT * FROM `{}`",
        "SELECT * FROM @otel_logs JOIN {} USING (x)",
        "SELECT * FROM default.{}",
        "SELECT 1 IN {}",
        'SELECT 1 IN "{}"',
        "SELECT * FROM (SELECT * FROM {}) WHERE 'x' = ''",
        "SELECT '@otel_logs' FROM {}",
        "SELECT 'it\\'s' FROM {}",
        "SELECT * FROM\n\t{}",
    ],
)
def test_a_fact_table_without_a_mark_does_not_run(shape, table):
    with pytest.raises(UnscopedStatementError):
        scoped(shape.format(table))


def test_what_is_no_table_has_no_mark():
    for name in ("system", "otel_log", "otel_logs_local", "schema_migrations"):
        with pytest.raises(UnscopedStatementError):
            scoped(f"SELECT * FROM @{name}")


def test_nobody_else_binds_the_account():
    with pytest.raises(UnscopedStatementError):
        bound("acme", {ACCOUNT_PARAMETER: "other"})


_PIECES = st.one_of(
    st.sampled_from([f"@{table}" for table in sorted(TABLES)]),
    st.sampled_from(
        ["SELECT", "FROM", "WHERE", "(", ")", ",", "AS x", "JOIN", "x IN", "1", "Body"]
    ),
    st.text(st.characters(codec="ascii", exclude_characters="'\\\x00@`\""), max_size=8).map(
        lambda text: f"'{text}'"
    ),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(_PIECES, max_size=20))
def test_every_mark_outside_of_a_literal_is_bound_to_the_account(pieces):
    """Each mark brings one account condition, nothing else does, and no fact table stands alone."""
    answer = scoped(" ".join(pieces))
    marks = [piece for piece in pieces if piece.startswith("@")]
    assert answer.count(f"WHERE Account = {{{ACCOUNT_PARAMETER}:String}}") == len(marks)
    without = answer
    for mark in set(marks):
        without = without.replace(table_source(mark[1:]), "()")
    assert not _RAW.search(re.sub(r"'[^']*'", "''", without))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(_PIECES, max_size=8),
    st.sampled_from(sorted(TABLES)),
    st.sampled_from(["{}", "FROM {}", "JOIN `{}`", 'FROM "{}"', "default.{}", "{}.Body", "({})"]),
    st.lists(_PIECES, max_size=8),
)
def test_a_fact_table_anywhere_is_refused(before, table, shape, after):
    with pytest.raises(UnscopedStatementError):
        scoped(" ".join([*before, shape.format(table), *after]))
