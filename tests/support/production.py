"""A model in production, fed through the tables that decode what clients send."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np

from vedette.core.time import TimeRange, now_ns

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)
DAY = TimeRange(START, START + timedelta(hours=24))
_BATCHES = count(1)


class Model:
    """One account's model, fed through the tables that decode what clients send."""

    def __init__(self, account, warehouse):
        self.account, self._warehouse = account, warehouse

    def send(self, kind, records, *, received=None):
        body = "\n".join(json.dumps({"model": "churn", **record}) for record in records)
        line = {
            "account": self.account, "received": received or now_ns(), "oldest": 0, "newest": 2**63 - 1,
            "batch_id": next(_BATCHES), "request_id": next(_BATCHES), "stored": [], "request": body,
        }  # fmt: skip
        self._warehouse.insert(f"ingest_{kind}", [json.dumps(line).encode()], "JSONEachRow", {})


def binary_rows(rng, size, *, shift=0.0, version="1", prefix="p"):
    """Return records, labels and arrays: scores are calibrated; plan b is guessed."""
    score = np.clip(rng.beta(2, 3, size) + shift, 0.001, 0.999)
    plan = rng.choice(["a", "b"], size, p=[0.8, 0.2])
    truth = np.where(plan == "b", rng.random(size) < 0.5, rng.random(size) < score)
    age = rng.normal(40, 10, size)
    records = [
        {"id": f"{prefix}{n}", "version": version, "time": (START + timedelta(seconds=n * 86_000 / size)).timestamp(),
         "features": {"age": age[n], "plan": plan[n]}, "scores": {"leave": score[n], "stay": 1 - score[n]},
         "prediction": "leave" if score[n] >= 0.5 else "stay", "latency_ms": 5.0}
        for n in range(size)
    ]  # fmt: skip
    labels = [{"id": f"{prefix}{n}", "label": "leave" if truth[n] else "stay"} for n in range(size)]
    return records, labels, score, truth, plan
