"""A profile as HTML: a fragment for notebooks, or one file that loads nothing and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from vedette.data.profiling.columns import Kind
from vedette.data.profiling.summary import ColumnProfile, quantile

_WIDTH, _HEIGHT = 220, 48
_IN_NOTEBOOK = 300
_STYLE = """
.vedette-p{--fg:#1b1f24;--dim:#5c6670;--line:#d7dce1;--bg:#fff;--bar:#1769aa;
font:14px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);padding:16px}
@media (prefers-color-scheme:dark){.vedette-p{--fg:#e6e9ec;--dim:#9aa5b1;--line:#3a4149;--bg:#15181c;
--bar:#5aa9e6}}
.vedette-p h1{font-size:20px;margin:0}.vedette-p .dim{color:var(--dim)}
.vedette-p table{border-collapse:collapse;width:100%;margin-top:12px}
.vedette-p th,.vedette-p td{text-align:left;vertical-align:top;padding:8px 10px;border-bottom:1px solid var(--line)}
.vedette-p rect{fill:var(--bar)}.vedette-p svg{display:block}
"""


def profile_html(
    columns: Sequence[ColumnProfile], *, title: str, whole: bool = True, total: int = 0
) -> str:
    """Return a profile as HTML.

    Args:
        columns: in their order.
        title: what stands above them.
        whole: a page of its own; else a fragment, which shows 300 columns, for a notebook.
        total: how many columns there are, where these are the first of more.

    """
    rows = max((column.rows for column in columns), default=0)
    shown = columns if whole else columns[:_IN_NOTEBOOK]
    total = max(total, len(columns))
    first = f"; the first {len(shown):,} are shown" if len(shown) < total else ""
    body = (
        f"<div class=vedette-p><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<div class=dim>{rows:,} rows, {total:,} columns{first}</div>"
        "<table><thead><tr><th>column<th>missing<th>distinct<th>distribution<th>values</tr></thead>"
        f"<tbody>{''.join(map(_row, shown))}</tbody></table></div>"
    )
    if not whole:
        return body
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title></head><body style='margin:0'>{body}</body></html>"
    )


def _row(column: ColumnProfile) -> str:
    missing = "" if column.completeness is None else f"{1 - column.completeness:.2%}"
    about = "" if column.distinct_exact else "about "
    return (
        f"<tr><td>{escape(column.name)}<div class=dim>{escape(column.kind.value)} "
        f"{escape(column.type)}</div><td>{missing}<td>{about}{column.distinct:,}"
        f"<td>{_picture(column)}<td>{_values(column)}</tr>"
    )


def _picture(column: ColumnProfile) -> str:
    if column.kind in {Kind.NUMERIC, Kind.TIME}:
        histogram = column.histogram(24)
        return _bars(histogram["counts"])
    counts = list(column.frequencies().counts.values())[:24]
    return _bars([float(count) for count in counts])


def _bars(counts: Sequence[float]) -> str:
    top = max(counts, default=0)
    if not top:
        return ""
    width = _WIDTH / len(counts)
    bars = "".join(
        f"<rect x={place * width:.1f} y={_HEIGHT - count / top * _HEIGHT:.1f} "
        f"width={max(width - 1, 1):.1f} height={count / top * _HEIGHT:.1f}></rect>"
        for place, count in enumerate(counts)
    )
    return f"<svg width={_WIDTH} height={_HEIGHT} role=img aria-label=distribution>{bars}</svg>"


def _values(column: ColumnProfile) -> str:
    if column.kind is Kind.NUMERIC and column.mean is not None and column.std is not None:
        middle = quantile(column.quantiles, 0.5) if column.quantiles.size else column.mean
        return (
            f"{column.minimum:.6g} to {column.maximum:.6g}<div class=dim>mean {column.mean:.6g}, "
            f"median {middle:.6g}, deviation {column.std:.6g}</div>"
        )
    top = list(column.frequencies().counts.items())[:5]
    if top:
        return ", ".join(f"{escape(str(value))} ({count:,})" for value, count in top)
    if column.length_maximum is not None:
        return f"length {column.length_minimum:.6g} to {column.length_maximum:.6g}"
    return ""
