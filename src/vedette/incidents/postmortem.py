"""An incident as a document that can be shared: Markdown, or one HTML file with nothing outside."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vedette.incidents.impact import Loss
    from vedette.incidents.model import Incident
    from vedette.incidents.timeline import Timeline

_FOLDER = resources.files("vedette.incidents")


def render_markdown(
    incident: Incident, timeline: Timeline, losses: Sequence[Loss], now: datetime
) -> str:
    """Return the incident as Markdown."""
    return _render("postmortem.md.j2", incident, timeline, losses, now, escaped=False)


def render_html(
    incident: Incident, timeline: Timeline, losses: Sequence[Loss], now: datetime
) -> str:
    """Return the incident as one HTML file; everything that is told is escaped."""
    return _render("postmortem.html.j2", incident, timeline, losses, now, escaped=True)


def _render(
    name: str,
    incident: Incident,
    timeline: Timeline,
    losses: Sequence[Loss],
    now: datetime,
    *,
    escaped: bool,
) -> str:
    # Markdown is no HTML: what it shows in tables is cleaned by ``cell``.
    environment = Environment(
        autoescape=escaped,  # noqa: S701 - escaped where it is HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = lambda at: at.strftime("%Y-%m-%d %H:%M:%S UTC")
    environment.filters["number"] = lambda value: "" if value is None else f"{value:,.4g}"
    environment.filters["cell"] = _cell
    template = environment.from_string(_FOLDER.joinpath(name).read_text("utf-8"))
    end = incident.resolved or incident.quiet_since
    duration = str((end or now) - incident.began).split(".")[0]
    return template.render(
        incident=incident, timeline=timeline, losses=losses, now=now, end=end, duration=duration
    )


def _cell(text: str) -> str:
    """Return a text as a cell of a Markdown table: telemetry must not break out of it."""
    flat = " ".join(str(text).split())
    for special in "\\`*_[]<>|#":
        flat = flat.replace(special, "\\" + special)
    return flat
