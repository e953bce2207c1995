"""A small picture of a metric: its line, the threshold or band, and where it breached."""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 34, 26
_INK, _GREY, _GRID = (30, 34, 42), (110, 116, 128), (228, 230, 235)
_LINE, _ALARM, _BAND = (38, 98, 217), (200, 30, 45), (226, 234, 250)
_STEPS = 4


def draw_series(
    title: str,
    starts: Sequence[int],
    values: Sequence[float | None],
    *,
    threshold: float | None = None,
    breaching: Sequence[bool | None] | None = None,
    band: Sequence[tuple[float, float] | None] | None = None,
) -> bytes:
    """Return a PNG of one series.

    Args:
        title: stands above it.
        starts: Unix seconds at which periods start, ascending.
        values: one a period; None where there is no data point.
        threshold: drawn as a line.
        breaching: which periods are drawn as breaching.
        band: lower and upper bound of each period.

    """
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    scale = _Scale(starts, values, threshold, band)
    _axes(draw, scale, title)
    if band:
        _draw_band(draw, scale, band)
    _draw_line(draw, scale, values, breaching or [False] * len(values))
    if threshold is not None:
        y = scale.y(threshold)
        for x in range(_LEFT, WIDTH - _RIGHT, 10):
            draw.line((x, y, min(x + 6, WIDTH - _RIGHT), y), fill=_ALARM, width=1)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


class _Scale:
    """Maps periods and values to pixels."""

    def __init__(
        self,
        starts: Sequence[int],
        values: Sequence[float | None],
        threshold: float | None,
        band: Sequence[tuple[float, float] | None] | None,
    ) -> None:
        self.starts = starts
        shown = [value for value in values if value is not None]
        shown += [] if threshold is None else [threshold]
        shown += [bound for pair in band or () if pair for bound in pair if math.isfinite(bound)]
        low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
        if low > 0 and low < 0.5 * high:
            low = 0.0
        room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        self.low, self.high = low - (room if low else 0.0), high + room

    def x(self, number: int) -> float:
        """Return where a period is."""
        width = WIDTH - _LEFT - _RIGHT
        return _LEFT + width * number / max(len(self.starts) - 1, 1)

    def y(self, value: float) -> float:
        """Return where a value is."""
        share = (value - self.low) / (self.high - self.low)
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - min(max(share, 0.0), 1.0))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _axes(draw: ImageDraw.ImageDraw, scale: _Scale, title: str) -> None:
    draw.text((_LEFT, 9), _cut(title, 88), fill=_INK, font=_font(13))
    for step in range(_STEPS + 1):
        value = scale.low + (scale.high - scale.low) * step / _STEPS
        y = scale.y(value)
        draw.line((_LEFT, y, WIDTH - _RIGHT, y), fill=_GRID)
        draw.text((_LEFT - 6, y), short(value), fill=_GREY, font=_font(11), anchor="rm")
    count = len(scale.starts)
    for number in sorted({0, count // 2, count - 1}):
        moment = datetime.fromtimestamp(scale.starts[number], UTC).strftime("%H:%M")
        anchor = "lt" if number == 0 else "rt" if number == count - 1 else "mt"
        at = (scale.x(number), HEIGHT - _BOTTOM + 6)
        draw.text(at, moment + (" UTC" if number == count - 1 else ""), fill=_GREY,
                  font=_font(11), anchor=anchor)  # fmt: skip


def _draw_band(
    draw: ImageDraw.ImageDraw, scale: _Scale, band: Sequence[tuple[float, float] | None]
) -> None:
    for number in range(len(band) - 1):
        left, right = band[number], band[number + 1]
        if left and right and all(map(math.isfinite, (*left, *right))):
            x, beyond = scale.x(number), scale.x(number + 1)
            draw.polygon(
                [
                    (x, scale.y(left[0])), (beyond, scale.y(right[0])),
                    (beyond, scale.y(right[1])), (x, scale.y(left[1])),
                ],
                fill=_BAND,
            )  # fmt: skip


def _draw_line(
    draw: ImageDraw.ImageDraw,
    scale: _Scale,
    values: Sequence[float | None],
    breaching: Sequence[bool | None],
) -> None:
    before: tuple[float, float] | None = None
    for number, value in enumerate(values):
        if value is None:
            before = None
            continue
        point = (scale.x(number), scale.y(value))
        if before:
            draw.line((*before, *point), fill=_LINE, width=2)
        before = point
    for number, value in enumerate(values):
        if value is not None and number < len(breaching) and breaching[number]:
            x, y = scale.x(number), scale.y(value)
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=_ALARM)


def short(value: float) -> str:
    """Return a number in few characters: ``1.2k``, ``35M``, ``0.05``."""
    size = abs(value)
    for bound, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= bound:
            return f"{value / bound:.3g}{letter}"
    return f"{value:.3g}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
