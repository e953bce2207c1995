"""Objectives: windows and budgets by hand-made spans, logs and metrics, and the alarms that follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.spans import Sent
from vedette.core.errors import InvalidInputError
from vedette.experience.slo.burn import Counts, status_of
from vedette.experience.slo.definition import check_slo
from vedette.experience.slo.service import key_of
from vedette.ingest import Source
from vedette.store.catalog import Actor
from vedette.telemetry.emit import MetricPoint, otlp_body

ACTOR = Actor.system("tests")
REQUESTS = {"type": "traces", "service": "shop"}


def spec(goal: float = 0.9, period: str = "7d", source: Any = REQUESTS, **more: Any) -> Any:
    return check_slo({"goal": goal, "period": period, "source": source, **more})


def requests(minute: int, good: int, bad: int = 0, *, ms: float = 10, **more: Any) -> list[Sent]:
    return [
        Sent(
            f"{minute} {n} {ms}", kind="Server", start=minute * 60_000 + n, end=minute * 60_000 + n + ms,
            status="Error" if n < bad else "Ok", operation=more.get("operation", "GET /"),
            service=more.get("service", "shop"), attributes=more.get("attributes", {}),
        )
        for n in range(good + bad)
    ]  # fmt: skip


def test_burn_rate_is_the_error_rate_over_the_budget_and_both_windows_must_burn() -> None:
    one = spec(goal=0.999, period="30d", alarms=[{"long": "1h", "short": "5m", "burn_rate": 14.4}])
    burnt = Counts(good=9856, total=10_000)
    windows = {"1h": burnt, "5m": burnt, "1d": Counts(good=999_800, total=1_000_000)}
    status = status_of(one, Counts(good=999_500, total=1_000_000), windows, now=1e9)
    assert status.rates["1h"] == pytest.approx(14.4)
    assert status.state == "burning"
    assert status.remaining == pytest.approx(0.5)
    assert status.bad_left == 500
    # At a burn rate of 0.2 half a budget of 30 days lasts 75 days.
    assert status.exhausted_in == pytest.approx(75 * 86_400)
    calm = windows | {"5m": Counts(10, 0, 10)}
    over = status_of(one, Counts(good=999_500, total=1_000_000), calm, now=1e9)
    assert over.state == "ok"
    spent = status_of(one, Counts(good=998_000, total=1_000_000), windows, now=1e9)
    assert (spent.state, spent.exhausted_in, spent.bad_left) == ("exhausted", 0.0, 0)
    assert spent.remaining == pytest.approx(-1.0)
    nothing = status_of(one, Counts(), dict.fromkeys(windows, Counts()), now=1e9)
    assert (nothing.state, nothing.remaining, nothing.rates["1h"]) == ("no data", None, None)


def test_a_calendar_period_spreads_its_budget_over_all_of_it() -> None:
    one = spec(goal=0.9, period="month", alarms=[])
    now = datetime(2026, 6, 16, tzinfo=UTC).timestamp()
    start, length = one.period_at(now)
    assert datetime.fromtimestamp(start, UTC) == datetime(2026, 6, 1, tzinfo=UTC)
    assert length == 30 * 86_400
    status = status_of(one, Counts(good=950, total=1000), {"1d": Counts(95, 0, 100)}, now=now)
    # Half the month made 1,000 requests: the month will make 2,000, of which 200 may fail.
    assert status.remaining == pytest.approx(0.75)
    assert status.projected == pytest.approx(0.75 - 0.5 * 0.5)
    december = datetime(2026, 12, 31, 23, tzinfo=UTC).timestamp()
    assert spec(period="quarter").period_at(december)[1] == 92 * 86_400


def test_requests_are_counted_by_service_operation_kind_text_and_latency(lived: Any) -> None:
    sent = [
        *requests(3, good=90, bad=10),
        *requests(3, good=4, ms=300, operation="POST /pay", attributes={"tier": "gold"}),
        *requests(3, good=3, ms=1500, operation="POST /pay", attributes={"tier": "gold"}),
        *requests(4, good=50, service="other"),
        Sent("client", kind="Client", start=200_000, end=200_010),
    ]
    lived.sender.send(sent)
    made = {
        "all": lived.slos.put(ACTOR, lived.account, "all", spec()),
        "pay": lived.slos.put(
            ACTOR, lived.account, "pay", spec(source={**REQUESTS, "operation": "POST /pay"})
        ),
        "fast": lived.slos.put(
            ACTOR, lived.account, "fast", spec(source={**REQUESTS, "latency": "400ms"})
        ),
        "gold": lived.slos.put(
            ACTOR, lived.account, "gold",
            spec(source={**REQUESTS, "filter": "tier:gold", "latency": "350ms"}),
        ),
        "none": lived.slos.put(
            ACTOR, lived.account, "none", spec(source={"type": "traces", "service": "nobody"})
        ),
    }  # fmt: skip
    evaluation = lived.evaluate()
    assert evaluation.failed == {}
    found = {name: evaluation.statuses[slo.id].period for name, slo in made.items()}
    assert found["all"] == Counts(good=97, tolerating=0, total=107)
    assert found["pay"] == Counts(good=7, tolerating=0, total=7)
    assert found["fast"] == Counts(good=94, tolerating=3, total=107)
    assert found["gold"] == Counts(good=4, tolerating=0, total=7)
    assert found["none"].total == 0
    assert evaluation.statuses[made["none"].id].state == "no data"
    # 10 failures of 107 over a budget of a tenth.
    assert lived.points("vedette.slo.window_burn_rate", slo="all", window="1h") == [
        pytest.approx(10 / 107 / 0.1)
    ]
    assert lived.points("vedette.slo.apdex", slo="fast") == [pytest.approx((94 + 1.5) / 107)]
    # The last five minutes had no request, so nothing burns there, whatever the hour says.
    assert lived.points("vedette.slo.burn_rate", slo="all", windows="1h/5m") == [0.0]


def test_late_spans_are_counted_at_the_next_evaluation_and_hours_are_not_counted_twice(
    lived: Any,
) -> None:
    slo = lived.slos.put(ACTOR, lived.account, "all", spec())
    lived.sender.send(requests(8, good=10))
    assert lived.evaluate().statuses[slo.id].period.total == 10
    lived.now[0] += timedelta(minutes=1)
    lived.sender.send(requests(9, good=5, bad=5), requests(7, good=4))
    status = lived.evaluate().statuses[slo.id]
    assert (status.period.total, status.period.bad) == (24, 5)
    # As the hour is over, it is counted as a whole: the same numbers, from another table.
    lived.now[0] += timedelta(hours=2)
    status = lived.evaluate().statuses[slo.id]
    assert (status.period.total, status.period.bad) == (24, 5)
    start = int(lived.sender.base.timestamp()) // 3600 * 3600
    hours = lived.counts.history(lived.account, key_of(slo), 3600, start, start + 7200)
    assert sum(slot.counts.total for slot in hours) == 24


def test_a_changed_source_is_counted_anew_over_the_whole_period(lived: Any) -> None:
    slo = lived.slos.put(ACTOR, lived.account, "all", spec())
    lived.sender.send(requests(1, good=10), requests(2, good=3, operation="POST /pay"))
    lived.now[0] += timedelta(hours=30)
    assert lived.evaluate().statuses[slo.id].period.total == 13
    lived.slos.put(ACTOR, lived.account, "all", spec(source={**REQUESTS, "operation": "POST /pay"}))
    assert lived.evaluate().statuses[slo.id].period.total == 3


def test_metrics_and_periods_make_objectives_too(lived: Any, submit: Any) -> None:
    base = lived.sender.base
    points = [
        point
        for minute in range(10)
        for point in (
            MetricPoint("jobs.total", 10, time=base + timedelta(minutes=minute, seconds=5)),
            MetricPoint("jobs.failed", float(minute == 4), time=base + timedelta(minutes=minute, seconds=5)),
            MetricPoint("queue", 5.0 * minute, time=base + timedelta(minutes=minute, seconds=5)),
        )
        if not (point.name == "queue" and minute in {2, 3})
    ]  # fmt: skip
    submit(Source.OTLP_METRICS, lived.account, otlp_body(points))
    total = {"metric": "jobs.total", "statistic": "Sum"}
    jobs = {"type": "metrics", "total": total, "bad": {"metric": "jobs.failed", "statistic": "Sum"}}
    short = {
        "type": "periods", "queries": [{"id": "q", "metric": "queue", "statistic": "Maximum"}],
        "comparison": "<=", "threshold": 30,
    }  # fmt: skip
    made = lived.slos.put(ACTOR, lived.account, "jobs", spec(source=jobs))
    queue = lived.slos.put(ACTOR, lived.account, "queue", spec(source=short))
    strict = lived.slos.put(
        ACTOR, lived.account, "strict", spec(source={**short, "missing": "bad"}, period="1d")
    )
    evaluation = lived.evaluate()
    assert evaluation.failed == {}
    assert evaluation.statuses[made.id].period == Counts(good=99, total=100)
    # Of ten minutes two have no value, three are too long.
    assert evaluation.statuses[queue.id].period == Counts(good=5, total=8)
    day = evaluation.statuses[strict.id].period
    assert day.good == 5
    assert 24 * 60 <= day.total <= 25 * 60


def test_logs_make_objectives(lived: Any, submit: Any) -> None:
    lines = [
        f'{{"time": "{(lived.sender.base + timedelta(minutes=2)).isoformat()}", "level": "{level}",'
        f' "message": "login", "service": "auth"}}'
        for level in ["info"] * 8 + ["error"] * 2
    ]
    submit(Source.LOG_LINES, lived.account, "\n".join(lines).encode())
    source = {"type": "logs", "total": "login", "bad": "level:error"}
    slo = lived.slos.put(ACTOR, lived.account, "logins", spec(source=source))
    evaluation = lived.evaluate()
    assert evaluation.failed == {}
    assert evaluation.statuses[slo.id].period == Counts(good=8, total=10)


def test_an_objective_makes_its_alarms_and_takes_them_along(lived: Any) -> None:
    lived.slos.put(ACTOR, lived.account, "all", spec(), labels={"team": "shop"})
    alarms = lived.alarms.find(lived.account).items
    assert [view.alarm.name for view in alarms] == [
        "SLO all 1d/2h", "SLO all 1h/5m", "SLO all 3d/6h", "SLO all 6h/30m",
    ]  # fmt: skip
    assert alarms[1].alarm.labels == {"team": "shop", "slo": "all"}
    assert alarms[1].alarm.spec.condition.threshold.threshold == 14.4
    one = [{"long": "2h", "short": "10m", "burn_rate": 5, "severity": "error"}]
    lived.slos.put(ACTOR, lived.account, "all", spec(alarms=one))
    assert [v.alarm.name for v in lived.alarms.find(lived.account).items] == ["SLO all 2h/10m"]
    lived.slos.remove(ACTOR, lived.account, "all")
    assert lived.alarms.find(lived.account).items == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"goal": 1.0}, "goal"),
        ({"period": "91d"}, "period"),
        ({"source": {"type": "logs", "total": "x"}}, "good"),
        ({"source": {**REQUESTS, "filter": "a:("}}, "query"),
        ({"source": {**REQUESTS, "latency": "0s"}}, "latency"),
        ({"alarms": [{"long": "5m", "short": "1h", "burn_rate": 2}]}, "short"),
        ({"alarms": [{"burn_rate": 2}, {"burn_rate": 3}]}, "alarms"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    good = {"goal": 0.9, "source": REQUESTS}
    with pytest.raises(InvalidInputError) as caught:
        check_slo({**good, **wrong})
    assert named in f"{caught.value.field} {caught.value.message}"
