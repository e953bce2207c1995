"""What an account's machines cost, from which runs' costs are worked out."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime

from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller
from vedette.store.catalog.tracking_models import TrainingPricesRow

MAX_PRICE = 1e6
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of training; 0 for what costs nothing, or is not known.

    Attributes:
        currency: code of ISO 4217.
        host_hour: of a machine without its GPUs, an hour.
        gpu_hour: of one GPU, an hour.
        kwh: of a kilowatt-hour, where the GPUs' power is measured.
        updated: when they were set; None where nobody has.

    """

    currency: str = "USD"
    host_hour: float = 0.0
    gpu_hour: float = 0.0
    kwh: float = 0.0
    updated: datetime | None = None
    updated_by: str = ""

    @property
    def known(self) -> bool:
        """Whether any price is set."""
        return bool(self.host_hour or self.gpu_hour or self.kwh)


def read_prices(caller: Caller) -> Prices:
    """Return an account's prices."""
    with caller.read() as session:
        row = session.get(TrainingPricesRow, caller.account)
    if row is None:
        return Prices()
    return Prices(row.currency, row.host_hour, row.gpu_hour, row.kwh, row.updated, row.updated_by)


def write_prices(caller: Caller, prices: Prices) -> Prices:
    """Set an account's prices; ``InvalidInputError`` for what is none."""
    if not _CURRENCY.fullmatch(prices.currency):
        raise InvalidInputError(
            f"{prices.currency[:10]!r} is not a currency",
            field="currency",
            remedy="use a code of ISO 4217, such as EUR",
        )
    given = {name: getattr(prices, name) for name in ("host_hour", "gpu_hour", "kwh")}
    for name, value in given.items():
        if not math.isfinite(value) or not 0 <= value <= MAX_PRICE:
            raise InvalidInputError(f"{name} is not a price", field=name)
    request = {"currency": prices.currency, **given}
    resource = ResourceId(caller.account, "training_prices", "account")
    now = caller.catalog.clock.now()
    with caller.change("SetTrainingPrices", request, [resource]) as change:
        row = change.session.get(TrainingPricesRow, caller.account)
        if row is None:
            row = TrainingPricesRow(account=caller.account)
            change.session.add(row)
        row.currency = prices.currency
        row.host_hour, row.gpu_hour, row.kwh = prices.host_hour, prices.gpu_hour, prices.kwh
        row.updated, row.updated_by = now, caller.actor.name
    return read_prices(caller)
