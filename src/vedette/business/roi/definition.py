"""What a return on investment is computed from: how value is attributed, and the costs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, model_validator

from vedette.business.roi.formula import names_of
from vedette.core.bodies import Body
from vedette.manifests.model import checked
from vedette.telemetry.metrics.bodies import MatcherBody
from vedette.telemetry.metrics.statistics import parse_statistic

MAX_COSTS, MAX_INPUTS = 50, 30
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]
InputName = Annotated[str, Field(pattern=r"^[a-zA-Z_]\w{0,63}$")]
KpiName = Annotated[str, Field(min_length=1, max_length=100)]


class Estimate(Body):
    """A number that is assumed; with low and high where it is not known exactly."""

    value: Number
    low: Number | None = Field(default=None, description="least that is thinkable")
    high: Number | None = Field(default=None, description="most that is thinkable")
    why: str = Field(default="", max_length=1000, description="where it comes from")

    @model_validator(mode="after")
    def _is_ordered(self) -> Estimate:
        if (self.low is None) != (self.high is None):
            raise ValueError("low: give low and high, or neither")
        if (
            self.low is not None
            and self.high is not None
            and not self.low <= self.value <= self.high
        ):
            raise ValueError("value: lies between low and high")
        return self


class Group(Body):
    """What an experiment measured of a group."""

    mean: Number
    sd: float = Field(ge=0, allow_inf_nan=False, description="standard deviation of a unit")
    n: int = Field(ge=2, le=10**12, description="units, such as users")


class AbTest(Body):
    """An experiment: the difference of two groups, a unit."""

    type: Literal["ab"]
    control: Group
    treatment: Group
    units: Estimate = Field(description="units that the model served in the period")
    unit_value: Estimate = Field(
        default=Estimate(value=1), description="worth of one of the measure"
    )


class AbKpi(Body):
    """An experiment whose groups are values of a KPI's dimension, compared period by period."""

    type: Literal["ab_kpi"]
    kpi: KpiName
    dimension: str = Field(min_length=1, max_length=128)
    control: str = Field(max_length=256)
    treatment: str = Field(max_length=256)
    ratio: Estimate = Field(
        default=Estimate(value=1), description="treatment's traffic over control's"
    )
    unit_value: Estimate = Estimate(value=1)


class BeforeAfter(Body):
    """A KPI since the model came, against what was to be expected from before, season included."""

    type: Literal["before_after"]
    kpi: KpiName
    launch: date = Field(description="first day with the model")
    before_days: int = Field(default=90, ge=14, le=400)
    unit_value: Estimate = Estimate(value=1)


class KpiTotal(Body):
    """A KPI's total over the period (its mean where its values do not add up)."""

    kpi: KpiName


class Formula(Body):
    """A formula that was agreed on."""

    type: Literal["formula"]
    expression: str = Field(min_length=1, max_length=1000, examples=["prevented * cost_of_one"])
    inputs: dict[InputName, Estimate | KpiTotal] = Field(max_length=MAX_INPUTS)

    @model_validator(mode="after")
    def _knows_its_names(self) -> Formula:
        missing = sorted(names_of(self.expression) - self.inputs.keys())
        if missing:
            raise ValueError(f"inputs: {missing[0]!r} is not among them")
        return self


Value = Annotated[AbTest | AbKpi | BeforeAfter | Formula, Discriminator("type")]


class Usage(Body):
    """What is used, as a metric tells; its total over the period is paid for."""

    metric: str = Field(min_length=1, max_length=1024)
    statistic: str = Field(default="Sum", max_length=64)
    matchers: list[MatcherBody] = Field(default=[], max_length=50)

    @model_validator(mode="after")
    def _is_a_statistic(self) -> Usage:
        parse_statistic(self.statistic)
        return self


class Cost(Body):
    """Something that the model costs: an amount, or usage at a price."""

    name: str = Field(min_length=1, max_length=200)
    kind: Literal["training", "serving", "people", "other"] = "other"
    amount: Estimate | None = None
    per: Literal["once", "day", "month"] = Field(default="once", description="of amount")
    usage: Usage | None = None
    price: Estimate | None = Field(default=None, description="of one unit of usage")

    @model_validator(mode="after")
    def _is_one(self) -> Cost:
        if (self.amount is None) == (self.usage is None):
            raise ValueError("amount: give an amount, or usage with a price")
        if (self.usage is None) != (self.price is None):
            raise ValueError("price: usage and price go together")
        return self


class RoiSpec(Body):
    """How the return on a model is computed."""

    description: str = Field(default="", max_length=4096)
    model: str = Field(min_length=1, max_length=500, description="name, or name/version")
    currency: str = Field(default="EUR", min_length=1, max_length=10)
    since: date
    until: date | None = Field(default=None, description="last day; yesterday where null")
    value: Value
    share: Estimate = Field(
        default=Estimate(value=1), description="share of the value that is the model's, 0 to 1"
    )
    costs: list[Cost] = Field(default=[], max_length=MAX_COSTS)

    @model_validator(mode="after")
    def _is_possible(self) -> RoiSpec:
        if self.until is not None and self.until < self.since:
            raise ValueError("until: is before since")
        for bound in (self.share.value, self.share.low, self.share.high):
            if bound is not None and not 0 <= bound <= 1:
                raise ValueError("share: lies between 0 and 1")
        return self


def check_roi(spec: dict[str, Any]) -> RoiSpec:
    """Return a definition that is right; ``InvalidInputError`` names the member that is not."""
    return checked(lambda: RoiSpec.model_validate(spec))
