"""The filter language of MLflow's searches, compiled to conditions on the catalog.

``metrics.loss < 0.3 AND params.depth = '4' AND tags.`mlflow.source.name` ILIKE '%train%'``
"""

from vedette.models.filters.fields import Entity, Field, Fields, Keyed, Kind, Order, Searchable
from vedette.models.filters.grammar import Clause, Operator, parse_filter, parse_order

__all__ = [
    "Clause",
    "Entity",
    "Field",
    "Fields",
    "Keyed",
    "Kind",
    "Operator",
    "Order",
    "Searchable",
    "parse_filter",
    "parse_order",
]
