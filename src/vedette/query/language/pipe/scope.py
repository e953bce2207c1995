"""Which fields there are at a point of a query, and where their values come from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vedette.query.language.dialect import Dialect, Field, FieldKind
from vedette.query.language.errors import RefusedError, closest
from vedette.query.language.pipe.values import Kind, Value

if TYPE_CHECKING:
    from vedette.query.language.parameters import Parameters
    from vedette.query.language.pipe import tree

_SCALARS = {
    FieldKind.TEXT: Kind.TEXT,
    FieldKind.IDENTIFIER: Kind.TEXT,
    FieldKind.WORDS: Kind.TEXT,
    FieldKind.CHOICE: Kind.TEXT,
    FieldKind.TIME: Kind.TIME,
}
_MAX_PATH = 16


@dataclass(slots=True)
class Scope:
    """The fields at one point of a query.

    Args:
        dialect: the signal's table.
        parameters: where keys are bound.
        columns: fields that the query itself made, by name.
        raw: whether rows are still records, whose columns and attributes can be named.

    """

    dialect: Dialect
    parameters: Parameters
    columns: dict[str, Value] = field(default_factory=dict)
    raw: bool = True

    def resolve(self, name: tree.Name) -> Value:
        """Find a field: the query's own, a built-in one, an attribute, or a member of a JSON body.

        Raises:
            RefusedError: rows are no records any more and no column has that name.

        """
        own = self.columns.get(name.name) or self._member(name.name)
        if own is not None:
            return own
        if not self.raw:
            near = closest(name.name, self.columns)
            there = ", ".join(list(self.columns)[:10]) or "none"
            raise RefusedError(
                f"there is no field {name.name!r} at this point",
                name.position,
                f"did you mean {near}?" if near else f"the fields here are: {there}",
            )
        known = self.dialect.field(name.name)
        return self._built_in(known) if known else self._attribute(name.name)

    def time(self) -> Value:
        """Return the record's own time."""
        return Value(self.dialect.time, Kind.TIME, nullable=False)

    def _member(self, name: str) -> Value | None:
        """Find ``item.a.b`` in the JSON text of the column ``item``."""
        parts = name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            column = self.columns.get(".".join(parts[:length]))
            if column is not None and column.kind is Kind.TEXT:
                sql = self._json(f"ifNull({column.sql}, '')", parts[length:])
                return Value(sql, Kind.TEXT)
        return None

    def _built_in(self, known: Field) -> Value:
        sql = known.sql
        if known.kind is FieldKind.LEVEL:
            text = self.dialect.level_text()
            return Value(f"nullIf({text}, '')", Kind.LEVEL, level=True)
        if known.kind is FieldKind.NUMBER:
            return Value(sql, Kind.NUMBER, nullable=False, integer=True)
        if known.kind is FieldKind.DURATION:
            return Value(f"({sql} / 1000000)", Kind.NUMBER, nullable=False)
        if known.kind is FieldKind.NAMES:
            return Value(sql, Kind.LIST, nullable=False)
        kind = _SCALARS[known.kind]
        words = sql if known.kind is FieldKind.WORDS else None
        if known.optional:
            return Value(f"nullIf({sql}, '')", kind, plain=sql, column=words)
        return Value(sql, kind, nullable=False, column=words, choices=known.choices)

    def _attribute(self, name: str) -> Value:
        dialect = self.dialect
        for prefix, column in (
            ("attributes.", dialect.attributes),
            ("resource.", dialect.resource),
        ):
            key = name.removeprefix(prefix)
            if key and key != name:
                bound = self.parameters.text(key)
                plain = dialect.attribute(column, bound)
                sql = f"if({dialect.has_attribute(column, bound)}, {plain}, NULL)"
                return Value(sql, Kind.TEXT, plain=plain)
        bound = self.parameters.text(name)
        branches = [
            f"{dialect.has_attribute(column, bound)}, {dialect.attribute(column, bound)}"
            for column in (dialect.attributes, dialect.resource)
        ]
        if dialect.body:
            nested = self._json(dialect.body, self._path(name))
            branches.append(f"startsWith({dialect.body}, '{{'), {nested}")
        return Value(f"multiIf({', '.join(branches)}, NULL)", Kind.TEXT)

    def _path(self, name: str) -> list[str]:
        for prefix in ("@message.", "message.", "body."):
            name = name.removeprefix(prefix)
        return name.split(".")

    def _json(self, document: str, path: list[str]) -> str:
        """Read a member by its path (items of arrays by number from 0), or by its dotted key."""
        steps = ", ".join(
            str(int(step) + 1) if re.fullmatch(r"[0-9]{1,6}", step) else self.parameters.text(step)
            for step in path[:_MAX_PATH]
        )
        nested = f"JSONExtract({document}, {steps}, 'Nullable(String)')"
        if len(path) == 1:
            return nested
        key = self.parameters.text(".".join(path))
        return f"coalesce({nested}, JSONExtract({document}, {key}, 'Nullable(String)'))"
