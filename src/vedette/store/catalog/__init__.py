"""The catalog: mutable, few entities in SQLite or PostgreSQL, every change of one audited."""

from vedette.store.catalog import (  # noqa: F401 - their tables
    data_models,
    definition_models,
    evaluation_models,
    governance_models,
    model_monitor_models,
    organisation_models,
    pipeline_models,
    registry_models,
    review_models,
    tracking_models,
)
from vedette.store.catalog.actor import Actor, IdentityType, Principal, TagCondition
from vedette.store.catalog.audit_record import AuditEvent
from vedette.store.catalog.catalog import Catalog, FirstStart
from vedette.store.catalog.checks import Page
from vedette.store.catalog.database import Change, Clock
from vedette.store.catalog.retention import Signal
from vedette.store.catalog.roles import Permission, Role, Scope

__all__ = [
    "Actor",
    "AuditEvent",
    "Catalog",
    "Change",
    "Clock",
    "FirstStart",
    "IdentityType",
    "Page",
    "Permission",
    "Principal",
    "Role",
    "Scope",
    "Signal",
    "TagCondition",
]
