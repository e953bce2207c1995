"""Profiles as a client would send them, made of numbers that the engine draws."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from vedette.data.profiling.columns import Column, Kind
from vedette.data.profiling.run import ColumnStates
from vedette.data.profiling.states import MEMBERS, expressions
from vedette.query import QueryRunner


def column_states(
    runner: QueryRunner, mean: float, country: str = "DE", amount: str = "amount"
) -> list[dict[str, Any]]:
    """Return the states of an amount around a mean, and of two countries, of 2000 rows."""
    columns = [
        Column(amount, 0, "Float64", Kind.NUMERIC, values=False),
        Column("country", 1, "String", Kind.TEXT),
    ]
    tuples = ", ".join(
        f"tuple({', '.join(expressions(c).get(m, 'NULL') for m in MEMBERS)})" for c in columns
    )
    sql = (
        f"SELECT {tuples} FROM (SELECT randNormal({mean}, 1, number) AS {amount},"
        f" if(number % 2 = 0, 'FR', '{country}') AS country FROM numbers(2000))"
    )
    answer = runner.run("default", sql)
    found = []
    for column, name in zip(columns, answer.names, strict=True):
        value = answer[name][0]
        listed = list(value.values()) if isinstance(value, dict) else value
        found.append(ColumnStates(column, dict(zip(MEMBERS, listed, strict=True))).as_dict())
    return found


def client_states() -> dict[bool, list[dict[str, Any]]]:
    """States of ordinary and of drifted days, made by the client's own engine in its own process."""
    code = """
import json, sys, pandas, numpy as np
from vedette.sdk import data
from vedette.data.profiling.engine import LocalEngine
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import source_of
found = {}
with LocalEngine() as engine:
    for odd in (False, True):
        draw = np.random.default_rng(7)
        frame = pandas.DataFrame({
            "amount": draw.normal(2.5 if odd else 0, 1, 3000),
            "country": draw.choice(["DE", "FR", "IT"] if odd else ["DE", "FR"], 3000),
            "items": draw.integers(1, 6, 3000),
        })
        found[odd] = [one.as_dict() for one in profile_source(engine, source_of(frame))]
print(json.dumps([found[False], found[True]]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    usual, odd = json.loads(done.stdout)
    return {False: usual, True: odd}
