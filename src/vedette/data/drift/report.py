"""A drift report as JSON, and as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from vedette.data.drift.compare import DRIFT, ColumnDrift, DriftReport
from vedette.data.drift.distribution import distribution
from vedette.data.profiling.summary import ColumnProfile

_WIDTH, _HEIGHT = 260, 64
_STYLE = """
:root{color-scheme:light dark;--fg:#1b1f24;--dim:#5c6670;--line:#d7dce1;--bg:#fff;--ref:#7b8794;
--cur:#1769aa;--bad:#b3261e;--ok:#2e7d32}
@media (prefers-color-scheme:dark){:root{--fg:#e6e9ec;--dim:#9aa5b1;--line:#3a4149;--bg:#15181c;
--ref:#8a96a3;--cur:#5aa9e6;--bad:#f2776d;--ok:#7bc47f}}
.vedette{font:14px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);padding:16px}
.vedette h1{font-size:20px;margin:0 0 4px}.vedette .dim{color:var(--dim)}
.vedette table{border-collapse:collapse;width:100%;margin-top:12px}
.vedette th,.vedette td{text-align:left;vertical-align:top;padding:8px 10px;
border-bottom:1px solid var(--line)}
.vedette th{font-weight:600}.vedette .num{text-align:right;font-variant-numeric:tabular-nums}
.vedette .drift{color:var(--bad);font-weight:600}.vedette .no{color:var(--ok)}
.vedette svg{display:block}.vedette .r{fill:var(--ref);opacity:.55}.vedette .c{fill:var(--cur);opacity:.55}
.vedette .key i{display:inline-block;width:10px;height:10px;margin:0 4px 0 12px}
"""


def drift_report(report: DriftReport) -> dict[str, Any]:
    """Return a report as the API shows it."""
    return {
        "status": report.status,
        "preset": report.preset,
        "drifted": report.drifted,
        "compared": report.compared,
        "share": report.share,
        "reference_rows": report.reference_rows,
        "current_rows": report.current_rows,
        "columns": [column_report(column) for column in report.columns],
    }


def column_report(column: ColumnDrift) -> dict[str, Any]:
    """Return a column of a report as the API shows it."""
    return {
        "name": column.name,
        "kind": column.kind,
        "status": column.status,
        "measure": column.measure,
        "value": column.value,
        "threshold": column.threshold,
        "p_value": column.p_value,
        "adjusted": column.adjusted,
        "exact": column.exact,
        "why": column.why,
        "measures": dict(column.measures),
        "details": dict(column.details),
    }


def drift_html(
    report: DriftReport,
    reference: Sequence[ColumnProfile],
    current: Sequence[ColumnProfile],
    *,
    title: str = "Drift",
    whole: bool = True,
) -> str:
    """Return the report as HTML: a page of its own, or a fragment for a notebook.

    It loads nothing and runs no script.
    """
    before = {profile.name: profile for profile in reference}
    after = {profile.name: profile for profile in current}
    rows = "".join(_row(column, before, after) for column in report.columns)
    share = (
        "nothing could be compared"
        if report.share is None
        else (
            f"{report.drifted} of {report.compared} columns drifted ({report.share:.0%}): {report.status}"
        )
    )
    body = (
        f"<div class=vedette><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<div>{escape(share)}</div>"
        f"<div class=dim>preset {escape(report.preset)}; baseline {report.reference_rows:,} rows, "
        f"window {report.current_rows:,} rows <span class=key><i style='background:var(--ref)'></i>"
        "baseline<i style='background:var(--cur)'></i>window</span></div>"
        "<table><thead><tr><th>column<th>status<th class=num>value<th class=num>threshold"
        f"<th>distribution<th>why</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    if not whole:
        return body
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title></head><body style='margin:0'>{body}</body></html>"
    )


def _row(
    column: ColumnDrift,
    before: Mapping[str, ColumnProfile],
    after: Mapping[str, ColumnProfile],
) -> str:
    picture = ""
    if column.name in before and column.name in after:
        picture = _picture(before[column.name], after[column.name])
    style = "drift" if column.status == DRIFT else "no" if column.status == "no drift" else "dim"
    value = "" if column.value is None else f"{column.value:.4g}"
    threshold = "" if column.threshold is None else f"{column.threshold:.4g}"
    measure = escape(column.measure.replace("_", " "))
    return (
        f"<tr><td>{escape(column.name)}<div class=dim>{escape(column.kind)}</div>"
        f"<td class={style}>{escape(column.status)}<td class=num>{value}<div class=dim>{measure}</div>"
        f"<td class=num>{threshold}<td>{picture}<td>{escape(column.why)}</tr>"
    )


def _picture(reference: ColumnProfile, current: ColumnProfile) -> str:
    """Return both distributions over common bins or categories, as an SVG."""
    found = distribution(reference, current)
    return _bars(found.reference, found.current, found.labels) if found else ""


def _bars(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any], labels: Sequence[str]) -> str:
    top = max(float(p.max(initial=0)), float(q.max(initial=0))) or 1.0
    width = _WIDTH / max(len(labels), 1)
    parts = []
    for place, label in enumerate(labels):
        for style, share in (("r", float(p[place])), ("c", float(q[place]))):
            height = share / top * _HEIGHT
            parts.append(
                f"<rect class={style} x={place * width:.1f} y={_HEIGHT - height:.1f} "
                f"width={max(width - 1, 1):.1f} height={height:.1f}></rect>"
            )
        parts.append(
            f"<rect x={place * width:.1f} y=0 width={width:.1f} height={_HEIGHT} fill=transparent>"
            f"<title>{escape(label)}: {p[place]:.2%}, now {q[place]:.2%}</title></rect>"
        )
    return (
        f"<svg width={_WIDTH} height={_HEIGHT} role=img aria-label='baseline and window'>"
        f"{''.join(parts)}</svg>"
    )
