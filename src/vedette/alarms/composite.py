"""Composite alarms: states of other alarms to a state, children first."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.alarms.definition import INTERVAL, CompositeSource, seconds
from vedette.alarms.model import State
from vedette.alarms.rule import in_order, parse_rule
from vedette.alarms.suppression import Suppression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.alarms.store import Alarm, Status


@dataclass(frozen=True, slots=True)
class Result:
    """What a composite is in.

    Attributes:
        state: its state.
        reason: why.
        evidence: the states of its children.
        suppression: what its suppressor remembers.
        quiet: why nothing is told now, empty where it is.
        warning: what a reader should know, such as a child that does not exist.

    """

    state: State
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)
    suppression: dict[str, Any] = field(default_factory=dict)
    quiet: str = ""
    warning: str = ""


class Composites:
    """The composites of an account.

    Args:
        alarms: those that are enabled.
        named: id and interval of every alarm of the account, by name.

    """

    def __init__(self, alarms: Sequence[Alarm], named: Mapping[str, tuple[str, int]]) -> None:
        self._named = named
        self._alarms = {alarm.name: alarm for alarm in alarms}
        self._children = {name: children_of(alarm) for name, alarm in self._alarms.items()}

    def due(self, interval: int) -> list[Alarm]:
        """Return those that are evaluated with an interval, children before their parents.

        A composite is evaluated as often as its quickest child, by one group alone.
        """
        order = in_order(self._children)
        quickest: dict[str, int] = {}
        for name in order:
            own = [
                quickest.get(child, self._named[child][1] if child in self._named else INTERVAL)
                for child in self._children[name]
            ]
            quickest[name] = min(own, default=INTERVAL)
        return [self._alarms[name] for name in order if quickest[name] == interval]

    def evaluate(
        self, alarm: Alarm, before: Status, states: Mapping[str, Status], slot: float
    ) -> Result:
        """Return what a composite is in, from the states of all alarms by id."""
        source = alarm.spec.source
        if not isinstance(source, CompositeSource):
            raise TypeError("composites only")
        rule = parse_rule(source.rule)
        of_children = {name: self._state(name, states) for name in rule.children}
        state = rule.state(of_children)
        missing = [name for name in rule.children if name not in self._named]
        firing = [name for name, one in of_children.items() if one is State.ALARM]
        reason = f"the rule {'holds' if state is State.ALARM else 'does not hold'}"
        if firing:
            reason += f"; in ALARM: {', '.join(firing[:10])}"
        suppression, quiet = self._suppressed(source, before, state, states, slot)
        return Result(
            state,
            reason,
            {"children": {name: str(one) for name, one in of_children.items()}},
            suppression,
            quiet,
            f"no alarm is called {', '.join(missing[:10])}" if missing else "",
        )

    def _state(self, name: str, states: Mapping[str, Status]) -> State:
        found = self._named.get(name)
        status = states.get(found[0]) if found else None
        return status.state if status else State.INSUFFICIENT_DATA

    def _suppressed(
        self,
        source: CompositeSource,
        before: Status,
        state: State,
        states: Mapping[str, Status],
        slot: float,
    ) -> tuple[dict[str, Any], str]:
        if source.suppressor is None:
            return {}, ""
        changed = state is not before.state
        after = Suppression(**before.suppression).step(
            now=slot,
            changed=changed,
            suppressor_in_alarm=self._state(source.suppressor.alarm, states) is State.ALARM,
            wait=seconds(source.suppressor.wait),
            extension=seconds(source.suppressor.extension),
        )
        return asdict(after), after.reason or ""


def children_of(alarm: Alarm) -> tuple[str, ...]:
    """Return the alarms that one depends on, its suppressor too; none for what is no composite."""
    source = alarm.spec.source
    if not isinstance(source, CompositeSource):
        return ()
    suppressor = (source.suppressor.alarm,) if source.suppressor else ()
    return (*parse_rule(source.rule).children, *suppressor)
