"""What a metric filter is, and what is wrong with one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.query.language.parameters import Parameters
from vedette.store.catalog.checks import check_text
from vedette.telemetry.metric_filters.patterns import Pattern, parse_pattern

if TYPE_CHECKING:
    from datetime import datetime

MAX_FILTERS = 100
"""Most filters of an account."""
MAX_NAME = 512
MAX_METRIC = 255
MAX_UNIT = 63
MAX_DIMENSIONS = 3
MAX_DIMENSION_NAME = 255
NAMESPACE_LABEL = "namespace"
"""Label that carries the namespace of a metric made from log events."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class FilterDefinition:
    """What a filter does with log events.

    Attributes:
        pattern: which events it is about; see ``parse_pattern``.
        metric: the metric's name.
        namespace: label ``namespace`` of the metric; empty: no such label.
        value: a number, or ``$.field`` (JSON) or ``$field`` (space-delimited).
        default_value: value of a minute that has log events and none that matches; None: no point.
        unit: UCUM unit.
        dimensions: label to ``$.field`` or ``$field``, at most 3; an event without the field has a
            point without the label.
        service: only events of this service; empty: of all.

    """

    pattern: str
    metric: str
    namespace: str = ""
    value: str = "1"
    default_value: float | None = None
    unit: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    service: str = ""

    @property
    def constant(self) -> float | None:
        """The value where it is a number, else None."""
        return float(self.value) if _NUMBER.fullmatch(self.value) else None

    def checked(self) -> Pattern:
        """Return the pattern of a definition that can be applied.

        Raises:
            QuerySyntaxError: the pattern does not parse; ``position`` says where.
            InvalidInputError: anything else is wrong; ``field`` says what.

        """
        pattern = parse_pattern(self.pattern)
        check_text(self.metric, field="metric", max_length=MAX_METRIC)
        check_text(self.namespace, field="namespace", max_length=MAX_METRIC, min_length=0)
        check_text(self.unit, field="unit", max_length=MAX_UNIT, min_length=0)
        check_text(self.service, field="service", max_length=MAX_METRIC, min_length=0)
        self._check_value(pattern)
        self._check_dimensions(pattern)
        return pattern

    def _check_value(self, pattern: Pattern) -> None:
        constant = self.constant
        if constant is None:
            pattern.number(self.value, Parameters(), field="value")
        elif not math.isfinite(constant):
            raise InvalidInputError(
                "the value is too large", field="value", remedy="write a finite number"
            )
        if self.default_value is not None and not math.isfinite(self.default_value):
            raise InvalidInputError(
                "the default value is no number",
                field="default_value",
                remedy="write a finite number",
            )
        if self.default_value is not None and self.dimensions:
            raise InvalidInputError(
                "a filter has a default value or dimensions, not both",
                field="default_value",
                remedy="leave one out: without an event there is nothing to take dimensions from",
            )

    def _check_dimensions(self, pattern: Pattern) -> None:
        if len(self.dimensions) > MAX_DIMENSIONS:
            raise InvalidInputError(
                f"a filter has at most {MAX_DIMENSIONS} dimensions, not {len(self.dimensions)}",
                field="dimensions",
                remedy="leave some out",
            )
        for name, selector in self.dimensions.items():
            place = f"dimensions.{name}"[:200]
            check_text(name, field=place, max_length=MAX_DIMENSION_NAME)
            if name == NAMESPACE_LABEL:
                raise InvalidInputError(
                    f"the label {name} is taken by the metric's namespace",
                    field=place,
                    remedy="choose another name",
                )
            pattern.label(selector, Parameters(), field=place)


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """A filter of an account.

    Attributes:
        id: its identifier.
        account: whose log events it is about.
        name: what people call it; one of its name an account.
        definition: what it does.
        enabled: whether it is applied.
        since: events received before are not looked at: a filter is not retroactive.
        created: when it was made.
        updated: when it was last changed.

    """

    id: str
    account: str
    name: str
    definition: FilterDefinition
    enabled: bool
    since: datetime
    created: datetime
    updated: datetime
