from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.scheduler import Cron, Every, parse_schedule
from vedette.scheduler.schedule import MAX_COUNT, count_between

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENTS = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
SCHEDULES = st.sampled_from(
    [
        Every(60),
        Every(60, 7),
        Every(3600),
        Cron("*/5 * * * *"),
        Cron("30 2 * * *", "Europe/Berlin"),
        Cron("30 1 * * *", "America/New_York"),
        Cron("*/20 * * * *", "Europe/Berlin"),
        Cron("0 9 * * MON-FRI", "Asia/Kolkata"),
        Cron("15 0 1 * *", "Australia/Lord_Howe"),
    ]
)


@given(SCHEDULES, MOMENTS)
def test_the_next_slot_is_the_latest_one_until_the_one_after_it(schedule, moment):
    slot = schedule.next_after(moment)
    assert slot > moment
    assert schedule.latest(moment) <= moment
    assert schedule.latest(slot) == slot
    assert schedule.latest(slot + timedelta(seconds=1)) == slot
    assert schedule.next_after(slot - timedelta(seconds=1)) == slot
    assert parse_schedule(schedule.text) == schedule


def test_slots_of_an_interval_count_from_the_epoch():
    assert Every(300).next_after(NOON) == NOON + timedelta(minutes=5)
    assert Every(300).latest(NOON + timedelta(seconds=299.9)) == NOON
    assert Every(300, 10).latest(NOON) == NOON - timedelta(seconds=290)


def test_a_cron_expression_is_read_in_its_zone():
    schedule = parse_schedule("CRON_TZ=Europe/Berlin 0 9 * * MON-FRI")
    # Monday; Berlin is an hour ahead of UTC in winter and two in summer.
    assert schedule.next_after(NOON) == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert schedule.next_after(datetime(2026, 7, 3, 12, tzinfo=UTC)) == datetime(
        2026, 7, 6, 7, tzinfo=UTC
    )


def test_a_run_in_the_missing_hour_comes_once_after_it():
    schedule = Cron("30 2 * * *", "Europe/Berlin")
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)  # clocks go forward at 01:00 UTC on the 29th
    first = schedule.next_after(start)
    assert first == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert schedule.next_after(first) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_slots_between_two_are_counted():
    assert count_between(Every(60), NOON, NOON + timedelta(minutes=5)) == 4
    assert count_between(Every(60), NOON, NOON + timedelta(minutes=1)) == 0
    assert count_between(Cron("0 * * * *"), NOON, NOON + timedelta(days=1)) == 23
    assert count_between(Cron("* * * * *"), NOON, NOON + timedelta(days=30)) == MAX_COUNT
    assert count_between(Every(1), NOON, NOON + timedelta(days=30)) == MAX_COUNT


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("61 * * * *", 0),
        ("0 25 * * *", 2),
        ("0 9 32 * *", 4),
        ("0 9 * 13 *", 6),
        ("0 9 * * FUN", 8),
        ("0 9 * *", 0),
        ("0 0 9 * * *", 0),
        ("", 0),
    ],
)
def test_a_wrong_expression_is_refused_with_its_position(text, position):
    with pytest.raises(QuerySyntaxError) as caught:
        parse_schedule(text)
    assert caught.value.position == position
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "every", "every 0s", "every 1.5s", "every 5", "every 60s+60s", "every 400d",
        "CRON_TZ=Nowhere/City 0 9 * * *", "CRON_TZ=../etc/passwd 0 9 * * *", "0 0 31 2 *",
        "0 9 * * *" + " " * 300 + "x", "every 1m+every 1m", "\x00",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(InvalidInputError):
        parse_schedule(text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text):
    try:
        schedule = parse_schedule(text)
    except InvalidInputError:
        return
    assert schedule.next_after(NOON) > NOON
