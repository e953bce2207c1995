"""What no single column shows: a correlation that broke."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from vedette.core.errors import InvalidInputError
from vedette.data.drift.multivariate import domain_classifier, reconstruction_error


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other by spinning take minutes on a busy machine."""
    with threadpool_limits(limits=1):
        yield


def frame(seed: int, correlation: float, rows: int = 800) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    cause = draw.normal(size=rows)
    data = {
        f"x{index}": correlation * cause + (1 - correlation**2) ** 0.5 * draw.normal(size=rows)
        for index in range(4)
    }
    return pd.DataFrame({**data, "plan": np.where(draw.random(rows) < 0.2, None, "free")})


@pytest.mark.parametrize("measure", [reconstruction_error, domain_classifier])
def test_a_broken_correlation_is_drift_and_the_same_is_not(measure) -> None:
    reference = frame(0, 0.95)
    assert not measure(reference, frame(1, 0.95)).drifted
    broken = measure(reference, frame(2, 0.0))
    assert broken.drifted
    assert broken.value > broken.upper
    assert f"{broken.value:.3f}"[:3] in broken.why


def test_gaps_infinities_and_unseen_categories() -> None:
    reference = frame(0, 0.5)
    current = frame(1, 0.5).assign(plan="gold", x0=np.inf, x1=np.nan)
    for measure in (reconstruction_error, domain_classifier):
        assert np.isfinite(measure(reference, current).value)
    with pytest.raises(InvalidInputError, match="in common"):
        reconstruction_error(reference, reference.rename(columns=lambda name: name + "!"))
    with pytest.raises(InvalidInputError, match="has 3 rows"):
        domain_classifier(reference, current.head(3))
