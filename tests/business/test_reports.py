"""Reports: a page on its own, made on schedule, kept, and sent once to each channel; correlations in words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from vedette.business.correlation import CorrelationRequest, Correlator
from vedette.business.reports.definition import ReportSpec, check_report
from vedette.business.reports.overview import Overview, SloLine, kpi_standings, roi_standings
from vedette.business.reports.service import KIND, ReportDefinitions, Reports
from vedette.business.roi.compute import RoiComputer
from vedette.business.roi.definition import check_roi
from vedette.business.roi.service import roi_definitions
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.scheduler import Scheduler
from vedette.store.catalog import Actor

ACTOR = Actor.system("tests")
DAY = timedelta(days=1)


class Channels:
    """A dispatcher whose channel 'flaky' fails the first time."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.failures = 1

    def send(self, account: str, channel: str, document: Any) -> str:
        if channel == "flaky" and self.failures:
            self.failures -= 1
            return "down"
        self.sent.append((channel, document))
        return ""


def test_a_report_is_made_kept_and_sent_once_to_each_channel(firm: Any) -> None:
    kpi = firm.kpi("revenue", unit="EUR", targets=[{"period": "year", "value": 1e6}])
    firm.push(kpi, {n: 100.0 + n % 7 for n in range(1, 60) if n != 9})
    hostile = "<script>alert(1)</script>"
    spec = check_roi({
        "model": "churn", "since": (firm.today - 5 * DAY).date().isoformat(), "currency": hostile[:10],
        "value": {"type": "formula", "expression": "a", "inputs": {"a": {"value": 5, "why": hostile}}},
        "costs": [{"name": "x", "amount": {"value": 2}}],
    })  # fmt: skip
    roi_definitions(firm.catalog).put(ACTOR, firm.account, hostile, spec)

    def gather(account: str, spec: ReportSpec, now: Any) -> Overview:
        overview = Overview(now)
        overview.kpis, _ = kpi_standings(firm.kpis, firm.values, account, spec.kpis, now)
        overview.slos = [SloLine("checkout", "burning", 0.99, "30d", 0.985, -0.5, 0.0)]
        computer = RoiComputer(firm.kpis, firm.values, firm.runner)
        overview.returns, _ = roi_standings(
            roi_definitions(firm.catalog).all(account), computer, spec.returns, now
        )
        return overview

    channels = Channels()
    reports = Reports(firm.catalog, gather, channels, url="https://v.example")
    made = ReportDefinitions(firm.catalog).put(
        ACTOR,
        firm.account,
        "weekly",
        check_report({"schedule": "every 1d", "channels": ["mail", "flaky"]}),
    )
    scheduler = Scheduler(firm.catalog)
    scheduler.handle(KIND, reports.handle)
    firm.now[0] += DAY
    scheduler.run_due(KIND)
    assert [channel for channel, _ in channels.sent] == ["mail"]
    firm.now[0] += timedelta(hours=1)
    scheduler.run_due(KIND)
    assert [channel for channel, _ in channels.sent] == ["mail", "flaky"]
    (run,) = reports.runs(made)
    assert (list(run.delivered), run.error) == (["mail", "flaky"], "")
    page = reports.document(made, run.id)
    assert page == channels.sent[0][1].html
    assert "revenue" in page
    assert "1 periods without a value" in page
    assert "150.0%" in page
    assert "<polyline" in page
    assert hostile not in page
    assert "&lt;script&gt;" in page
    # It stands on its own: nothing is loaded from elsewhere.
    assert not re.search(r"<(?:script|link|img|iframe)|@import|url\(", page)
    assert "revenue: " in channels.sent[0][1].text


def test_schedules_and_contents_are_checked() -> None:
    with pytest.raises(InvalidInputError):
        check_report({"schedule": "sometimes"})
    with pytest.raises(InvalidInputError):
        check_report({"kpis": [], "slos": [], "returns": [], "alarms": False})


def test_correlation_is_said_in_words_with_what_it_does_not_show(firm: Any) -> None:
    rng = np.random.default_rng(9)
    quality = rng.normal(size=120)
    model, sales = firm.kpi("quality", aggregate="avg"), firm.kpi("sales")
    firm.push(model, {120 - n: 0.8 + 0.05 * q for n, q in enumerate(quality)})
    firm.push(
        sales, {120 - n: 500 + 40 * quality[n - 2] + rng.normal() * 10 for n in range(2, 120)}
    )
    correlator = Correlator(firm.kpis, firm.values, firm.runner, firm.account)
    asked = CorrelationRequest.model_validate({
        "first": {"type": "kpi", "name": "quality"}, "second": {"type": "kpi", "name": "sales"},
        "max_lag": 7,
    })  # fmt: skip
    range_ = TimeRange(firm.today - 120 * DAY, firm.today)
    found = correlator.correlate(asked, range_)
    assert found.best.lag == 2
    assert found.words.startswith("When quality rises, sales rises 2 days later (r = 0.9")
    assert "does not show that one causes the other" in found.words
    noise = firm.kpi("noise")
    firm.push(noise, {n: float(rng.normal()) for n in range(1, 120)})
    other = asked.model_copy(update={"second": type(asked.second)(type="kpi", name="noise")})
    assert correlator.correlate(other, range_).words.startswith(
        "No correlation of quality with noise"
    )
    few = TimeRange(firm.today - 5 * DAY, firm.today)
    assert "nothing can be said" in correlator.correlate(asked, few).words
