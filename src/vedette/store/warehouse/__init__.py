"""The warehouse of facts: ClickHouse, embedded or as a server, behind one small interface."""

from vedette.store.warehouse.base import Columns, InsertSettings, QueryLimits, Warehouse
from vedette.store.warehouse.open import open_warehouse

__all__ = ["Columns", "InsertSettings", "QueryLimits", "Warehouse", "open_warehouse"]
