"""From points that arrive to states, history and notices, through the real stores."""

from datetime import timedelta

import pytest

from support.watch import ACTOR, START, above
from vedette.alarms.model import Evaluation, State
from vedette.core.errors import ConflictError, InvalidInputError, StoreError
from vedette.store.catalog import Catalog

OK, ALARM, NONE = State.OK, State.ALARM, State.INSUFFICIENT_DATA


def test_an_alarm_fires_and_resolves_with_evidence(watch):
    watch.put("hot", above("temp"))
    watch.gauge("temp", 5)
    watch.tick()
    assert watch.state("hot") is OK
    watch.gauge("temp", 50)
    watch.tick()
    assert watch.state("hot") is ALARM
    watch.gauge("temp", 4)
    watch.tick()
    assert watch.state("hot") is OK
    assert watch.told() == [("hot", "firing", {}), ("hot", "resolved", {})]
    changes = watch.history("hot", "series")
    assert [(one["previous"], one["state"]) for one in changes] == [
        ("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM"), ("ALARM", "OK"),
    ]  # fmt: skip
    evidence = changes[1]["evidence"]
    assert evidence["values"][-2:] == [5, 50]
    assert evidence["breaching"][-2:] == [False, True]
    assert (evidence["threshold"], evidence["comparison"]) == (10, ">")
    assert [one["state"] for one in watch.history("hot", "alarm")] == ["OK", "ALARM", "OK"]


def test_a_change_comes_within_a_period_and_ten_seconds_of_its_data(watch):
    watch.put("hot", above("temp"))
    watch.tick()
    for second in (1, 29, 59):
        begin = watch.now[0].replace(second=second)
        watch.gauge("temp", 99, at=begin)
        moment = begin
        watch.now[0] = begin
        while watch.state("hot") is not ALARM:
            moment += timedelta(seconds=1)
            watch.now[0] = moment
            watch.scheduler.run_due()
            assert moment - begin <= timedelta(seconds=70)
        while watch.state("hot") is ALARM:
            watch.tick()


def test_each_series_has_a_state_of_its_own(watch):
    watch.put("hot", above("temp", group_by=["host"]))
    for host, value in (("a", 1), ("b", 99), ("c", 2)):
        watch.gauge("temp", value, host=host)
    watch.tick()
    assert watch.series("hot") == {"a": OK, "b": ALARM, "c": OK}
    assert watch.state("hot") is ALARM
    assert watch.told() == [("hot", "firing", {"host": "b"})]
    for host, value in (("a", 1), ("b", 98), ("c", 97)):
        watch.gauge("temp", value, host=host)
    watch.tick()
    assert watch.told() == [("hot", "firing", {"host": "c"})]
    assert watch.service.get(watch.account, "hot").status.in_alarm == 2


def test_m_of_n(watch):
    watch.put("hot", above("temp", periods=3, to_alarm=2))
    states = []
    watch.gauges(temp=(99, 1, 99, 1, 1))
    for _ in range(5):
        watch.tick()
        states.append(watch.state("hot"))
    assert states == [NONE, OK, ALARM, OK, OK]


def test_a_series_that_disappears_is_closed_and_resolved(watch):
    watch.put("hot", above("temp", group_by=["pod"], missing="ignore", forget_after="10m"))
    watch.gauge("temp", 99, pod="x")
    watch.gauge("temp", 1, pod="y")
    watch.tick()
    assert watch.told() == [("hot", "firing", {"pod": "x"})]
    watch.gauges(temp__pod__y=[1] * 12)
    for _ in range(12):
        watch.tick()
    assert watch.series("hot") == {"y": OK}
    assert watch.state("hot") is OK
    assert watch.told() == [("hot", "resolved", {"pod": "x"})]
    assert watch.history("hot", "series")[-1]["evidence"] == {"closed": True}


def test_pending_and_kept_periods(watch):
    watch.put("hot", above("temp", **{"for": "2m", "keep_firing_for": "3m"}))
    states = []
    watch.gauges(temp=(99, 99, 99, 1, 1, 1, 1))
    for _ in range(7):
        watch.tick()
        states.append((watch.state("hot"), watch.service.get(watch.account, "hot").status.pending))
    assert [state for state, _ in states] == [NONE, NONE, ALARM, ALARM, ALARM, OK, OK]
    assert [pending for _, pending in states] == [1, 1, 0, 0, 0, 0, 0]


def test_a_series_remembers_when_the_data_began_that_put_it_off(watch):
    watch.put("hot", above("temp", **{"for": "2m", "keep_firing_for": "1m"}))
    began = watch.now[0].timestamp()
    watch.gauges(temp=(1, 99, 99, 99, 1, 1, 1))
    onsets = []
    for _ in range(7):
        watch.start_process()
        watch.tick()
        (one,) = watch.service.contributors(watch.account, "hot")
        onsets.append((one.state, one.onset and one.onset - began))
    # Pending with the second minute's data, in alarm two minutes later, kept for one more.
    assert onsets == [
        (OK, None), (OK, 60), (OK, 60), (ALARM, 60), (OK, None), (OK, None), (OK, None)
    ]  # fmt: skip


def test_the_data_of_an_alarm_that_is_new_began_before_its_periods(watch):
    began = watch.now[0].timestamp()
    watch.gauges(temp=(1, 99, 99))
    for _ in range(2):
        watch.tick()
    watch.put("hot", above("temp"))
    watch.tick()
    (one,) = watch.service.contributors(watch.account, "hot")
    assert (one.state, one.onset - began) == (ALARM, 60)


def test_what_is_pending_and_firing_survives_a_restart_and_is_told_once(watch):
    watch.put("hot", above("temp", **{"for": "2m"}))
    watch.gauges(temp=[99] * 4)
    for _ in range(4):
        watch.start_process()
        watch.tick()
    assert watch.state("hot") is ALARM
    assert watch.told() == [("hot", "firing", {})]
    assert len(watch.history("hot", "series")) == 1


def test_a_recovery_threshold_keeps_it_from_flapping(watch):
    spec = above("temp")
    spec["condition"]["threshold"]["recovery"] = 5
    watch.put("hot", spec)
    states = []
    watch.gauges(temp=(11, 9, 11, 6, 5, 9))
    for _ in range(6):
        watch.tick()
        states.append(watch.state("hot"))
    assert states == [ALARM, ALARM, ALARM, ALARM, OK, OK]


@pytest.mark.parametrize(
    ("missing", "state"),
    [("missing", NONE), ("ignore", NONE), ("breaching", ALARM), ("notBreaching", OK)],
)
def test_a_metric_that_does_not_exist_yet_is_allowed_and_said(watch, missing, state):
    watch.put("hot", above("nothing.of.the.kind", missing=missing))
    watch.tick()
    found = watch.service.get(watch.account, "hot").status
    assert found.state is state
    assert "no series of nothing.of.the.kind" in found.evaluation_reason


def test_a_group_without_series_fires_on_no_data_where_that_breaches(watch):
    watch.put("hot", above("temp", group_by=["host"], missing="breaching"))
    watch.tick()
    assert watch.state("hot") is ALARM
    watch.gauge("temp", 1, host="a")
    watch.tick()
    assert watch.series("hot") == {"a": OK}
    assert watch.state("hot") is OK
    assert [status for _, status, _ in watch.told()] == ["firing", "resolved"]


def test_absence_of_data(watch):
    source = {"type": "absence", "metric": "beat", "group_by": ["host"], "lookback": "30m"}
    watch.gauge("beat", 1, host="gone", at=watch.now[0] - timedelta(minutes=10))
    watch.put("silent", {"source": source, "periods": 2})
    watch.gauge("beat", 1, host="alive")
    watch.tick()
    assert watch.series("silent") == {"alive": OK, "gone": ALARM}
    for _ in range(3):
        watch.gauge("beat", 1, host="gone")
        watch.tick()
    assert watch.series("silent") == {"alive": ALARM, "gone": OK}
    assert [(n[1], n[2]["host"]) for n in watch.told()] == [
        ("firing", "gone"), ("resolved", "gone"), ("firing", "alive"),
    ]  # fmt: skip
    watch.tick(40)
    assert watch.series("silent") in ({"": ALARM}, {})


def test_math_over_metrics(watch):
    source = {
        "type": "metric",
        "queries": [
            {"id": "bad", "metric": "errors", "statistic": "Sum", "group_by": ["kind"]},
            {"id": "all", "metric": "requests", "statistic": "Sum"},
            {"id": "share", "expression": "100 * bad / all"},
        ],
    }
    watch.put("ratio", {"source": source, "condition": {"threshold": {"threshold": 5}}})
    watch.gauge("errors", 10, kind="a")
    watch.gauge("errors", 2, kind="b")
    watch.gauge("requests", 100)
    watch.tick()
    assert watch.series("ratio") == {"a": ALARM, "b": OK}


def test_an_alarm_that_cannot_be_evaluated_says_so_and_the_others_go_on(watch):
    watch.put("good", above("temp"))
    watch.put("typed", {"source": {"type": "sql", "sql": "SELECT 1 AS other"},
                        "condition": {"threshold": {"threshold": 0}}})  # fmt: skip
    watch.gauge("temp", 99)
    watch.tick()
    assert watch.state("good") is ALARM
    found = watch.service.get(watch.account, "typed").status
    assert found.evaluation is Evaluation.EVALUATION_ERROR
    assert "no column 'value'" in found.evaluation_reason
    assert found.state is NONE
    assert [one["state"] for one in watch.history("typed", "evaluation")] == ["EVALUATION_ERROR"]


def test_sql_with_time_and_labels(watch):
    sql = (
        "SELECT toStartOfInterval(TimeUnix, toIntervalSecond($period)) AS time, "
        "Attributes['host'] AS host, max(Value) AS value FROM otel_metrics_gauge "
        "WHERE MetricName = 'temp' AND TimeUnix >= $start AND TimeUnix < $end GROUP BY time, host"
    )
    watch.put("sql", {"source": {"type": "sql", "sql": sql}, "periods": 2, "to_alarm": 1,
                      "condition": {"threshold": {"threshold": 10}}})  # fmt: skip
    watch.gauge("temp", 5, host="a")
    watch.gauge("temp", 50, host="b")
    watch.tick()
    watch.gauge("temp", 5, host="a")
    watch.gauge("temp", 5, host="b")
    watch.tick()
    assert watch.series("sql") == {"a": OK, "b": ALARM}


def test_a_pause_is_evaluated_once_and_said(watch):
    watch.put("hot", above("temp"))
    watch.gauge("temp", 1)
    watch.tick()
    watch.now[0] += timedelta(hours=2)
    watch.gauge("temp", 99)
    assert len(watch.tick()) == 1
    assert watch.state("hot") is ALARM
    (note,) = [one for one in watch.history("hot", "evaluation") if "missed" in one["reason"]]
    assert note["reason"].startswith("120 runs")


def test_composites_follow_their_children_in_the_same_evaluation(watch):
    watch.put("a", above("ma"))
    watch.put("b", above("mb"))
    rule = 'ALARM("a") AND ALARM("b")'
    watch.put("both", {"source": {"type": "composite", "rule": rule}})
    watch.put("top", {"source": {"type": "composite", "rule": 'ALARM("both")'}})
    watch.gauge("ma", 99)
    watch.gauge("mb", 1)
    watch.tick()
    assert (watch.state("both"), watch.state("top")) == (OK, OK)
    watch.gauge("ma", 99)
    watch.gauge("mb", 99)
    watch.tick()
    assert (watch.state("both"), watch.state("top")) == (ALARM, ALARM)
    (change,) = [one for one in watch.history("both", "series") if one["state"] == "ALARM"]
    assert change["evidence"] == {"children": {"a": "ALARM", "b": "ALARM"}}


def test_a_cycle_is_refused_and_a_child_in_use_is_kept(watch):
    watch.put("a", {"source": {"type": "composite", "rule": "ALARM(b)"}})
    watch.put("b", {"source": {"type": "composite", "rule": "ALARM(c)"}})
    with pytest.raises(InvalidInputError, match="c -> a -> b -> c"):
        watch.put("c", {"source": {"type": "composite", "rule": "ALARM(a)"}})
    watch.put("c", above("temp"))
    with pytest.raises(ConflictError, match="b depends on c"):
        watch.service.delete(ACTOR, watch.account, "c")


def test_a_suppressor_keeps_back_what_is_told_and_the_state_then_decides(watch):
    watch.put("deploy", above("deploying", 0))
    watch.put("bad", above("bad", 0))
    watch.put("page", {"source": {
        "type": "composite", "rule": "ALARM(bad)",
        "suppressor": {"alarm": "deploy", "wait": "2m", "extension": "2m"}}})  # fmt: skip

    steps = [
        (0, 0), (1, 0), (1, 0), (1, 0), (0, 0), (0, 0), (0, 0), (1, 0), (1, 1), (1, 1), (1, 0),
        (1, 0), (1, 0), (1, 1), (0, 1), (1, 1), (1, 0), (1, 0), (1, 0),
    ]  # fmt: skip
    watch.gauges(bad=[bad for bad, _ in steps], deploying=[one for _, one in steps])
    coming = iter(steps)

    def minute(bad: float, deploying: float) -> list:
        assert (bad, deploying) == next(coming)
        watch.tick()
        return [status for name, status, _ in watch.told() if name == "page"]

    assert minute(0, 0) == []
    # It waits two minutes for the suppressor, which does not come.
    assert [minute(1, 0), minute(1, 0), minute(1, 0)] == [[], [], ["firing"]]
    assert [minute(0, 0), minute(0, 0), minute(0, 0)] == [[], [], ["resolved"]]
    # The suppressor comes while it waits: nothing is told until two minutes after it cleared.
    assert [minute(1, 0), minute(1, 1), minute(1, 1)] == [[], [], []]
    assert [minute(1, 0), minute(1, 0), minute(1, 0)] == [[], [], ["firing"]]
    # It went and came while suppressed: there is nothing to tell.
    assert [minute(1, 1), minute(0, 1), minute(1, 1), minute(1, 0)] == [[]] * 4
    assert [minute(1, 0), minute(1, 0)] == [[], []]
    assert watch.state("page") is ALARM


def test_renotifying_until_someone_acknowledges(watch):
    watch.put("hot", above("temp", renotify="5m"))
    told = []
    watch.gauges(temp=[99] * 14)
    for minute in range(14):
        watch.tick()
        told.append([one.repeated for one in watch.notices])
        watch.notices.clear()
        if minute == 7:
            watch.service.acknowledge(ACTOR, watch.account, "hot", "on it")
    assert [n for n, one in enumerate(told) if one] == [0, 5]
    assert watch.service.get(watch.account, "hot").acknowledgement.by == "tests"


def test_a_run_that_fails_to_store_leaves_nothing_behind(watch, monkeypatch):
    watch.put("hot", above("temp"))
    watch.gauge("temp", 99)
    original = watch.evaluator._store.save_statuses

    def broken(connection, changed):
        original(connection, changed)
        raise StoreError("the disk is full")

    monkeypatch.setattr(watch.evaluator._store, "save_statuses", broken)
    watch.tick()
    assert watch.history("hot") == []
    assert watch.series("hot") == {}
    monkeypatch.undo()
    watch.notices.clear()
    watch.now[0] += timedelta(seconds=6)
    watch.scheduler.run_due()
    assert watch.told() == [("hot", "firing", {})]
    assert [one["state"] for one in watch.history("hot", "series")] == ["ALARM"]


def test_history_that_the_warehouse_had_already_is_seen_once(watch, monkeypatch):
    watch.put("hot", above("temp"))
    watch.gauge("temp", 99)
    insert = watch.warehouse.insert
    monkeypatch.setattr(
        type(watch.warehouse), "insert",
        lambda self, *a: (insert(*a), (_ for _ in ()).throw(StoreError("crashed after")))[0],
    )  # fmt: skip
    watch.tick()
    monkeypatch.undo()
    assert watch.service.history.flush() > 0
    assert [one["state"] for one in watch.history("hot", "series")] == ["ALARM"]


def test_two_processes_evaluate_a_slot_once(watch):
    watch.put("hot", above("temp"))
    watch.gauge("temp", 99)
    url = str(watch.catalog._database.engine.url).replace("+pysqlite", "")
    with Catalog.open(url, clock=watch.catalog.clock) as catalog:
        from support.watch import Watch

        other = Watch(
            watch.account, catalog, watch.warehouse, watch.runner, watch.submit, watch.now
        )
        first = watch.tick()
        second = other.scheduler.run_due()
    assert (len(first), second) == (1, [])
    assert len(watch.told()) == 1


def test_ten_second_periods_are_evaluated_every_ten_seconds(watch):
    watch.put("quick", above("temp", period=10))
    assert START.second == 0
    watch.now[0] = START + timedelta(seconds=13)
    watch.gauge("temp", 99, at=START + timedelta(seconds=3))
    watch.scheduler.run_due()
    assert watch.state("quick") is ALARM
    watch.gauge("temp", 1, at=START + timedelta(seconds=15))
    watch.now[0] = START + timedelta(seconds=23)
    watch.scheduler.run_due()
    assert watch.state("quick") is OK


def test_deleting_and_disabling(watch):
    watch.put("hot", above("temp"))
    watch.put("off", above("temp", enabled=False))
    watch.gauge("temp", 99)
    watch.tick()
    assert (watch.state("hot"), watch.state("off")) == (ALARM, NONE)
    watch.service.delete(ACTOR, watch.account, "hot")
    watch.gauge("temp", 1)
    watch.tick()
    assert watch.service.counts(watch.account) == {
        "OK": 0, "ALARM": 0, "INSUFFICIENT_DATA": 1,
    }  # fmt: skip


def test_metrics_about_an_evaluation(watch):
    from vedette.alarms.measures import points_of

    seen = []
    watch.evaluator._after = lambda tick, outcome: seen.extend(points_of(tick, outcome))
    watch.put("hot", above("temp"))
    watch.put("cold", above("temp", 1000))
    watch.gauges(temp=[99, 1])
    watch.tick()
    found = {(p.name, *p.attributes.values()): p.value for p in seen}
    assert found["vedette.alarms.count", "ALARM"] == 1
    assert found["vedette.alarms.count", "OK"] == 1
    assert found["vedette.alarm.series_in_alarm", "hot", "warning"] == 1
    assert found["vedette.alarms.evaluation.lag", 60] == 1  # the clock is at :06, the slot at :05
    assert found["vedette.alarms.evaluated", 60] == 2
    seen.clear()
    watch.tick()
    assert [p.value for p in seen if p.name == "vedette.alarm.series_in_alarm"] == [0]


def test_a_mute_window_holds_back_what_is_told_until_it_closes(watch):
    from vedette.alarms.mute import MuteSpec
    from vedette.alarms.mute_service import MuteService

    spec = MuteSpec.model_validate(
        {"matchers": [{"label": "host", "value": "a"}],
         "start": START.isoformat(), "end": (START + timedelta(minutes=4)).isoformat()}
    )  # fmt: skip
    MuteService(watch.catalog).put(ACTOR, watch.account, "move", spec)
    watch.put("hot", above("temp", group_by=["host"]))
    watch.gauges(temp__host__a=[99] * 6, temp__host__b=[99] * 6)
    watch.tick()
    assert watch.told() == [("hot", "firing", {"host": "b"})]
    assert watch.series("hot") == {"a": ALARM, "b": ALARM}
    assert watch.service.get(watch.account, "hot").status.quiet == "muted by move"
    watch.tick(2)
    assert watch.told() == []
    watch.tick()
    assert watch.told() == [("hot", "firing", {"host": "a"})]
    assert watch.service.get(watch.account, "hot").status.quiet == ""
