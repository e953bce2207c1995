import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.alarms.decide import Rule, decide, periods_read
from vedette.alarms.model import Missing, State

MODES = [Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING]
OK, ALARM, NONE, KEEP = State.OK, State.ALARM, State.INSUFFICIENT_DATA, None

# Periods from the oldest to the newest: X breaches, 0 does not, - is missing.
GOLDEN = [
    (3, "0----", (OK, OK, OK, OK)),
    (3, "-----", (NONE, KEEP, ALARM, OK)),
    (3, "0XX-X", (ALARM, ALARM, ALARM, ALARM)),
    (3, "--X--", (ALARM, KEEP, ALARM, OK)),
    (3, "0-X-X", (OK, OK, OK, OK)),
    (2, "0-X--", (OK, OK, ALARM, OK)),
    (2, "----0", (OK, OK, ALARM, OK)),
    (2, "---X-", (ALARM, KEEP, ALARM, OK)),
    (2, "0-X-X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "00X0X", (ALARM, ALARM, ALARM, ALARM)),
    # Of our own: a breach younger than M decides nothing.
    (3, "----X", (KEEP, KEEP, ALARM, OK)),
    (2, "----X", (KEEP, KEEP, ALARM, OK)),
    (1, "----X", (ALARM, ALARM, ALARM, ALARM)),
]


def periods(text: str) -> list[bool | None]:
    return [{"X": True, "0": False, "-": None}[char] for char in text]


@pytest.mark.parametrize(("m", "text", "expected"), GOLDEN)
@pytest.mark.parametrize("mode", range(4))
def test_golden_cases(m, text, expected, mode):
    assert decide(periods(text), Rule(3, m, MODES[mode])).state is expected[mode]


PERIODS = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=12)


@given(PERIODS, st.integers(1, 6), st.data(), st.sampled_from(MODES))
def test_properties(window, n, data, mode):
    m = data.draw(st.integers(1, n))
    rule = Rule(n, m, mode)
    decision = decide(window, rule)
    assert decision.reason
    real = [one for one in window if one is not None]
    if len(real) >= n:
        # The mode is not used, and only the newest N count.
        assert {decide(window, Rule(n, m, other)).state for other in MODES} == {decision.state}
        assert (decision.state is ALARM) == (sum(real[-n:]) >= m)
    if mode in {Missing.BREACHING, Missing.NOT_BREACHING}:
        assert decision.state in {OK, ALARM}
    if True not in real and mode is not Missing.BREACHING:
        assert decision.state is not ALARM
    if not real:
        assert decision.state is {
            Missing.MISSING: NONE, Missing.IGNORE: KEEP,
            Missing.BREACHING: ALARM, Missing.NOT_BREACHING: OK,
        }[mode]  # fmt: skip


def test_five_periods_are_looked_at_for_three():
    assert periods_read(3) == 5
