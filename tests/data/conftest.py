"""An engine over the process's one warehouse: chDB opens one path a process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from vedette.data.profiles import Profiles
from vedette.data.profiling.engine import Engine, Rows, bound, parse_rows
from vedette.data.profiling.engine_errors import readable
from vedette.data.profiling.merging import summarise
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import source_of
from vedette.data.profiling.summary import ColumnProfile
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse


class WarehouseEngine:
    """The statements of the local engine, on a connection of the embedded warehouse."""

    def __init__(self, warehouse: Any) -> None:
        self._warehouse = warehouse

    def rows(self, sql: str, parameters: Mapping[str, str], frame: Any = None) -> Rows:
        vedette_frame = frame  # noqa: F841 - the engine finds it by its name
        settings = (
            "SETTINGS max_query_size = 67108864, max_ast_elements = 5000000,"
            " max_expanded_ast_elements = 5000000, schema_inference_make_columns_nullable = 1,"
            " output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 0"
        )
        with self._warehouse._borrow(self._warehouse._readers) as connection:
            try:
                answer = connection.query(
                    f"{sql}\n{settings}", "JSONCompactEachRow", params=bound(parameters)
                )
            except Exception as error:
                raise readable(error) from error
            return parse_rows(bytes(answer.bytes()))


@pytest.fixture(scope="session")
def engine(warehouse: Warehouse) -> Engine:
    return WarehouseEngine(warehouse)


@pytest.fixture(scope="session")
def profiles(warehouse: Warehouse, runner: QueryRunner) -> Profiles:
    return Profiles(warehouse, runner)


@pytest.fixture(scope="session")
def profiled(engine: Engine) -> Any:
    """Profile data: ``profiled(data)`` returns the columns' profiles by name."""

    def run(data: Any, **options: Any) -> dict[str, ColumnProfile]:
        states = profile_source(engine, source_of(data), **options)
        return {profile.name: profile for profile in summarise(engine, states)}

    return run
