"""The data that Evidently 0.7.23 and NannyML 0.13.1 were run on for the golden values."""

from __future__ import annotations

import numpy as np
import pandas as pd

CASES = [
    (1, 400, 0.0, 300),
    (2, 900, 0.3, 1000),
    (3, 1000, 0.1, 2000),
    (4, 3000, 0.05, 2500),
    (5, 5000, 0.5, 1500),
]
"""Seed, rows of the reference, shift, rows of the current data."""


def frame(seed: int, rows: int, shift: float) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    missing = draw.random(rows) < 0.03
    normal = np.where(missing, np.nan, draw.normal(shift, 1 + shift / 2, rows))
    return pd.DataFrame(
        {
            "normal": normal,
            "skewed": draw.lognormal(shift / 2, 1, rows),
            "few": draw.integers(0, 4 + int(shift > 0), rows).astype(float),
            "two": (draw.random(rows) < 0.3 + shift / 10).astype(float),
            "int": draw.integers(0, 8, rows),
            "country": draw.choice(
                ["DE", "FR", "IT", "ES"], rows, p=[0.4 + shift / 10, 0.3 - shift / 10, 0.2, 0.1]
            ),
            "flag": draw.random(rows) < 0.5 + shift / 10,
        }
    )


def pair(case: tuple[int, int, float, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    seed, rows, shift, current = case
    return frame(seed, rows, 0.0), frame(seed + 100, current, shift)
