"""Searching traces: by attributes, tags, metadata, assessments, and by what their spans say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Float, case, cast, exists, func, not_, select, true

from vedette.core.errors import QuerySyntaxError
from vedette.models.context import Caller
from vedette.models.filters import Clause, Field, Fields, Keyed, Kind, Operator, Order, Searchable
from vedette.models.filters.fields import Plan, check_operator, compare, matches
from vedette.models.filters.grammar import parse_filter
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.rows import table_of
from vedette.models.traces.heads import METADATA, PROMPT, RUN_KEY, TAG, TraceHead, whole_heads
from vedette.store.catalog.tracking_models import AssessmentRow, TraceAttributeRow, TraceRow

if TYPE_CHECKING:
    from vedette.query import QueryRunner

MAX_PAGE = 500
MAX_FOUND = 10_000
"""Most traces that a condition on spans may find."""
NAME_TAG = "mlflow.traceName"
_END = TraceRow.request_ms + func.coalesce(TraceRow.duration_ms, 0)
_NUMBERS: dict[str, ColumnElement[Any] | Any] = {
    "timestamp_ms": TraceRow.request_ms,
    "timestamp": TraceRow.request_ms,
    "execution_time_ms": TraceRow.duration_ms,
    "execution_time": TraceRow.duration_ms,
    "end_time_ms": _END,
    "end_time": _END,
}
_FIELDS = Fields(
    {
        "request_id": Field(TraceRow.id),
        "trace_id": Field(TraceRow.id),
        "id": Field(TraceRow.id),
        "status": Field(TraceRow.state),
        "state": Field(TraceRow.state),
        "client_request_id": Field(TraceRow.client_request_id),
        "experiment_id": Field(TraceRow.experiment_id),
        **{name: Field(column, Kind.NUMBER) for name, column in _NUMBERS.items()},
    }
)
_OWNER = [("account", TraceRow.account), ("trace_id", TraceRow.id)]
_MORE = frozenset({Operator.RLIKE})
_TAGS = Keyed(table_of(TraceAttributeRow), _OWNER, more={"kind": TAG}, operators=_MORE)
_PROMPTS = Keyed(table_of(TraceAttributeRow), _OWNER, more={"kind": PROMPT})
_METADATA = Keyed(table_of(TraceAttributeRow), _OWNER, more={"kind": METADATA}, operators=_MORE)
_BEHIND = {
    "name": (_TAGS, NAME_TAG),
    "run_id": (_METADATA, RUN_KEY),
}
"""Attributes that are kept as tags or metadata."""
_TEXTUAL = frozenset(
    {Operator.EQ, Operator.NE, Operator.LIKE, Operator.ILIKE, Operator.RLIKE, Operator.IN, Operator.NOT_IN}
)  # fmt: skip
_NUMERIC = frozenset({Operator.LT, Operator.LE, Operator.GT, Operator.GE})
_ABSENCE = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})


class _Attributes:
    """Attributes of a trace; some are kept as tags or metadata."""

    def __init__(self, spans: _Spans) -> None:
        self._spans = spans

    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """See ``Entity.condition``."""
        if clause.key.lower() == "text":
            text = Clause("span", "content", clause.operator, clause.value, clause.position)
            return self._spans.condition(text, dialect)
        if clause.key.lower() == "prompt":
            return _of_prompt(clause, dialect)
        if behind := _BEHIND.get(clause.key.lower()):
            keyed, key = behind
            under = Clause(clause.entity, key, clause.operator, clause.value, clause.position)
            return keyed.condition(under, dialect)
        if clause.operator is Operator.RLIKE:
            column = _FIELDS.fields.get(clause.key.lower())
            if column is not None and column.kind is Kind.TEXT:
                return matches(column.column, clause, dialect)
        return _FIELDS.condition(clause, dialect)

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """See ``Entity.order``."""
        if behind := _BEHIND.get(order.key.lower()):
            keyed, key = behind
            return keyed.order(plan, Order("", key, order.ascending))
        return _FIELDS.order(plan, order)


def _of_prompt(clause: Clause, dialect: str) -> ColumnElement[bool]:
    """Return the condition that a trace used a version of a prompt."""
    value = clause.value
    if clause.operator is not Operator.EQ or not isinstance(value, str) or value.count("/") != 1:
        raise QuerySyntaxError(
            "traces are found by a version of a prompt alone",
            field="filter",
            remedy="write prompt = 'name/version'",
            position=clause.position,
        )
    linked = Clause("", value, Operator.IS_NOT_NULL, None, clause.position)
    return _PROMPTS.condition(linked, dialect)


class _Assessed:
    """Feedback or expectations by name."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """See ``Entity.condition``."""
        check_operator(clause, _TEXTUAL | _NUMERIC | _ABSENCE)
        link = (
            AssessmentRow.account == TraceRow.account,
            AssessmentRow.trace_id == TraceRow.id,
            AssessmentRow.kind == self._kind,
            AssessmentRow.name == clause.key,
            AssessmentRow.valid.is_(True),
        )
        if clause.operator in _ABSENCE:
            there = exists().where(*link)
            return there if clause.operator is Operator.IS_NOT_NULL else not_(there)
        return exists().where(*link, self._holds(clause, dialect))

    def _holds(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        value = AssessmentRow.value
        if clause.operator in _NUMERIC or not isinstance(clause.value, str | list):
            # Texts that are no numbers would stop PostgreSQL's cast.
            numeric = case(
                (func.trim(value, "0123456789.+-eE") == "", cast(func.nullif(value, ""), Float)),
                else_=None,
            )
            return compare(numeric, clause, Kind.NUMBER, dialect)
        if clause.operator is Operator.RLIKE:
            return matches(value, clause, dialect)
        return compare(value, clause, Kind.TEXT, dialect)

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """Refuse: a trace may have many."""
        del plan, order
        raise QuerySyntaxError("traces cannot be ordered by assessments", field="order_by")


class _Issues:
    """Issues that were found in a trace, by their id."""

    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """See ``Entity.condition``."""
        check_operator(clause, frozenset({Operator.EQ, Operator.IN}))
        if clause.key.lower() not in {"id", "issue_id"}:
            raise QuerySyntaxError(
                f"Invalid issue attribute {clause.key[:80]!r}.",
                field="filter",
                remedy="write issue.id = 'iss-...'",
                position=clause.position,
            )
        return exists().where(
            AssessmentRow.account == TraceRow.account,
            AssessmentRow.trace_id == TraceRow.id,
            AssessmentRow.kind == "issue",
            AssessmentRow.valid.is_(True),
            compare(AssessmentRow.name, clause, Kind.TEXT, dialect),
        )

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """Refuse: a trace may have many."""
        del plan, order
        raise QuerySyntaxError("traces cannot be ordered by issues", field="order_by")


# All that a span says: as MLflow's own, its attributes and what happened in it, such as exceptions.
_PAIRS = "arrayMap((key, text) -> concat(key, ': ', text), mapKeys({0}), mapValues({0}))"
_CONTENT = f"""arrayStringConcat(arrayConcat(
    [SpanName, StatusMessage], {_PAIRS.format("SpanAttributes")}, arrayFlatten(arrayMap(
        (name, said) -> arrayPushFront({_PAIRS.format("said")}, name), Events.Name, Events.Attributes
    ))
), ' ')"""


class _Spans:
    """What spans say: found in the warehouse first, by account and newest first."""

    _COLUMNS = (
        ("name", "SpanName"),
        ("type", "trim(BOTH '\"' FROM SpanAttributes['mlflow.spanType'])"),
        ("status", "if(StatusCode = '', 'UNSET', upper(StatusCode))"),
        ("content", _CONTENT),
    )

    def __init__(self, runner: QueryRunner | None, account: str) -> None:
        """Without a runner conditions are checked, and hold for every trace."""
        self._runner = runner
        self._account = account

    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """See ``Entity.condition``."""
        del dialect
        check_operator(clause, _TEXTUAL)
        key, parameters = clause.key, {"limit": MAX_FOUND}
        column = dict(self._COLUMNS).get(key)
        given: dict[str, Any] = dict(parameters)
        if column is None and key.startswith("attributes."):
            given["attribute"] = key.removeprefix("attributes.")
            column = "trim(BOTH '\"' FROM SpanAttributes[{attribute:String}])"
        if column is None:
            raise QuerySyntaxError(
                f"Invalid span attribute {key[:80]!r}.",
                field="filter",
                remedy="use name, type, status, content or attributes.<name>",
                position=clause.position,
            )
        if self._runner is None:
            return true()
        many = isinstance(clause.value, list)
        given["value"] = [str(v) for v in clause.value] if many else str(clause.value)
        sql = (
            f"SELECT TraceId FROM @otel_traces WHERE {_SPAN_SQL[clause.operator].format(column)} "
            "GROUP BY TraceId ORDER BY max(Timestamp) DESC LIMIT {limit:UInt32}"
        )
        found = self._runner.run(self._account, sql, given)["TraceId"]
        return TraceRow.id.in_([f"tr-{trace_id}" for trace_id in found])

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """Refuse: a trace has many."""
        del plan, order
        raise QuerySyntaxError("traces cannot be ordered by spans", field="order_by")


_SPAN_SQL = {
    Operator.EQ: "{0} = {{value:String}}",
    Operator.NE: "{0} != {{value:String}}",
    Operator.LIKE: "{0} LIKE {{value:String}}",
    Operator.ILIKE: "{0} ILIKE {{value:String}}",
    Operator.RLIKE: "match({0}, {{value:String}})",
    Operator.IN: "{0} IN {{value:Array(String)}}",
    Operator.NOT_IN: "{0} NOT IN {{value:Array(String)}}",
}


def search_traces(
    caller: Caller,
    runner: QueryRunner,
    experiment_ids: Sequence[str],
    *,
    filter_: str | None = None,
    order_by: Sequence[str] = (),
    max_results: int = 100,
    page_token: str | None = None,
) -> tuple[list[TraceHead], str | None]:
    """Return a page of heads, newest first unless ordered otherwise, and the next token."""
    query = query_hash(experiment_ids, filter_, order_by)
    offset = decode_token(page_token, query)
    orders = [Order.parse(text) for text in order_by]
    chosen = select(TraceRow).where(
        TraceRow.account == caller.account, TraceRow.experiment_id.in_(list(experiment_ids))
    )
    searchable = _searchable(runner, caller.account)
    chosen = searchable.apply(chosen, parse_filter(filter_), orders, caller.dialect)
    with caller.read() as session:
        rows = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
        heads = whole_heads(session, caller.account, rows[:max_results])
    more = token_after(len(rows), offset, max_results, query)
    return heads, more


def count_traces(
    caller: Caller, runner: QueryRunner, experiment_ids: Sequence[str], filters: Sequence[str]
) -> int:
    """Return how many traces of experiments pass all of these filters."""
    chosen = select(TraceRow.id).where(
        TraceRow.account == caller.account, TraceRow.experiment_id.in_(list(experiment_ids))
    )
    clauses = [clause for filter_ in filters for clause in parse_filter(filter_)]
    found = _searchable(runner, caller.account).apply(chosen, clauses, [], caller.dialect)
    with caller.read() as session:
        counted = session.scalar(select(func.count()).select_from(found.order_by(None).subquery()))
        return int(counted or 0)


def check_filter(filter_: str | None, dialect: str) -> None:
    """Raise ``QuerySyntaxError`` for a filter that no search could have."""
    _searchable(None, "").apply(select(TraceRow), parse_filter(filter_), [], dialect)


def _searchable(runner: QueryRunner | None, account: str) -> Searchable:
    spans = _Spans(runner, account)
    attributes = _Attributes(spans)
    return Searchable(
        {
            "": attributes,
            **dict.fromkeys(("attribute", "attributes", "attr", "trace"), attributes),
            **dict.fromkeys(("tag", "tags"), _TAGS),
            **dict.fromkeys(("metadata", "request_metadata"), _METADATA),
            "feedback": _Assessed("feedback"),
            "expectation": _Assessed("expectation"),
            "issue": _Issues(),
            "span": spans,
        },
        [TraceRow.request_ms.desc(), TraceRow.id],
    )
