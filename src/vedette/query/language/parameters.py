"""Bound parameters: the only way a user's text enters a statement."""

from __future__ import annotations

from typing import Any


class Parameters:
    """Collects values and hands out ClickHouse placeholders (``{q0:String}``) for them.

    Args:
        prefix: start of every name, so that two compiled texts can share one statement.

    """

    def __init__(self, prefix: str = "q") -> None:
        self._prefix = prefix
        self._names: dict[tuple[str, str | int | float], str] = {}
        self.values: dict[str, Any] = {}

    def text(self, value: str) -> str:
        """Bind a string."""
        return self._bind(value, "String")

    def number(self, value: float) -> str:
        """Bind a 64-bit float."""
        return self._bind(float(value), "Float64")

    def integer(self, value: int) -> str:
        """Bind a signed 64-bit integer."""
        return self._bind(int(value), "Int64")

    def _bind(self, value: str | float, kind: str) -> str:
        # Equal values share a name: the engine then sees equal expressions as one.
        name = self._names.get((kind, value))
        if name is None:
            name = f"{self._prefix}{len(self.values)}"
            self._names[(kind, value)] = name
            self.values[name] = value
        return f"{{{name}:{kind}}}"
