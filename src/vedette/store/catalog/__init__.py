"""The catalog: mutable, few entities in SQLite or PostgreSQL, every change of one audited."""

from vedette.store.catalog.actor import Actor, IdentityType, Principal
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
]
