"""A report as a page that stands on its own: no script, no style and no picture from elsewhere."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

if TYPE_CHECKING:
    from vedette.business.kpis.outlook import Outlook
    from vedette.business.reports.overview import KpiStanding, Overview

WIDTH, HEIGHT = 320, 72
SHOWN_STEPS = 60
_GOOD = {"met", "on track", "ok"}
_BAD = {"missed", "exhausted", "burning"}


def render(title: str, account: str, overview: Overview, *, url: str = "") -> str:
    """Return a report as HTML."""
    environment = Environment(
        loader=PackageLoader("vedette.business", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
    )
    environment.filters |= {"number": number, "percent": percent, "span": span, "tone": tone}
    template = environment.get_template("report.html.j2")
    return template.render(
        title=title, account=account, overview=overview, url=url.rstrip("/"), chart=chart,
        at=overview.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"), latest=latest,
        every=every,
        moment=lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )  # fmt: skip


def in_short(overview: Overview) -> str:
    """Return a report in a few lines, for channels that take no page."""
    lines = []
    for one in overview.kpis:
        verdicts = ", ".join(
            f"{s.target.period} {s.verdict}" for s in (one.outlook.standings if one.outlook else [])
        )
        value = latest(one)
        shown = "no value" if value is None else f"{number(value)} {one.kpi.spec.unit}"
        lines.append(f"{one.kpi.name}: {shown}" + (f" ({verdicts})" if verdicts else ""))
    bad = [slo for slo in overview.slos if slo.state in _BAD]
    lines += [
        f"SLO {slo.name}: {slo.state}, {percent(slo.remaining)} of the budget left" for slo in bad
    ]
    for ret in overview.returns:
        if ret.roi and ret.roi.roi:
            lines.append(
                f"Return of {ret.definition.spec.model}: {percent(ret.roi.roi.value)} "
                f"({percent(ret.roi.roi.low)} to {percent(ret.roi.roi.high)})"
            )
    lines += [f"ALARM {alarm.name}: {alarm.reason}" for alarm in overview.alarms[:10]]
    return "\n".join(lines) or "Nothing is defined yet."


def latest(one: KpiStanding) -> float | None:
    """Return a KPI's newest value, or None."""
    if one.outlook is None or one.outlook.past is None:
        return None
    known = one.outlook.past.values[np.isfinite(one.outlook.past.values)]
    return float(known[-1]) if len(known) else None


def every(one: KpiStanding) -> str:
    """Return the length of the periods that an overview shows: an hour at least."""
    coarse = one.outlook is not None and one.outlook.step > one.kpi.spec.step
    return "1h" if coarse else one.kpi.spec.every


def chart(outlook: Outlook | None) -> Markup:
    """Return a KPI's past, its forecast and the 80 % band as SVG; gaps are gaps."""
    if outlook is None or outlook.past is None:
        return Markup("")
    past = outlook.past.values[-SHOWN_STEPS:]
    made = outlook.expected
    ahead = made.mean[: SHOWN_STEPS // 2] if made else np.array([])
    low = made.lower[0.8][: len(ahead)] if made else ahead
    high = made.upper[0.8][: len(ahead)] if made else ahead
    values = np.concatenate([past, low, high])
    values = values[np.isfinite(values)]
    if not len(values):
        return Markup("")
    least, most = float(values.min()), float(values.max())
    spread = (most - least) or 1.0
    count = max(1, len(past) + len(ahead) - 1)

    def place(number_: int, value: float) -> str:
        return f"{number_ / count * WIDTH:.1f},{HEIGHT - 4 - (value - least) / spread * (HEIGHT - 8):.1f}"

    runs = _runs([place(at, v) if math.isfinite(v) else "" for at, v in enumerate(past.tolist())])
    begin = len(past)
    band = [place(begin + at, v) for at, v in enumerate(high.tolist())]
    band += [place(begin + at, v) for at, v in reversed(list(enumerate(low.tolist())))]
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        'aria-label="past values, forecast and its band">'
    ]
    if band:
        parts.append(f'<polygon points="{" ".join(band)}" class="band"/>')
        line = " ".join(place(begin + at, v) for at, v in enumerate(ahead.tolist()))
        parts.append(f'<polyline points="{line}" class="ahead"/>')
    for run in runs:
        if len(run) == 1:
            x, y = run[0].split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="2" class="dot"/>')
        elif run:
            parts.append(f'<polyline points="{" ".join(run)}" class="past"/>')
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - numbers alone


def _runs(places: list[str]) -> list[list[str]]:
    """Return a line's points by run of values that are there, so that a gap is seen."""
    runs: list[list[str]] = [[]]
    for place in places:
        if place:
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return runs


def number(value: Any) -> str:  # noqa: ANN401 - a number or None
    """Return a number as people read it."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"  # noqa: PLR2004 - digits that matter


def percent(value: Any) -> str:  # noqa: ANN401 - a number or None
    """Return a share as per cent."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.1%}" if abs(value) < 10 else f"{value:,.0%}"  # noqa: PLR2004 - digits that matter


def span(seconds: Any) -> str:  # noqa: ANN401 - a number or None
    """Return a length of time."""
    if seconds is None:
        return "–"
    if seconds <= 0:
        return "used up"
    days = seconds / 86_400
    return f"{days:,.1f} days" if days >= 1 else f"{seconds / 3600:.1f} hours"


def tone(word: str) -> str:
    """Return the class of a word's colour."""
    return "good" if word in _GOOD else "bad" if word in _BAD else "warn"
