"""Who is on call: schedules of people, overrides, and policies of whom to tell next."""

from vedette.notifications.oncall.escalation import Escalations
from vedette.notifications.oncall.policy import EscalationSpec, EscalationStep, EscalationTarget
from vedette.notifications.oncall.schedule import (
    Layer,
    OnCallSpec,
    Override,
    Restriction,
    Shift,
    on_call,
    shifts,
)
from vedette.notifications.oncall.service import OnCallService

__all__ = [
    "EscalationSpec",
    "EscalationStep",
    "EscalationTarget",
    "Escalations",
    "Layer",
    "OnCallService",
    "OnCallSpec",
    "Override",
    "Restriction",
    "Shift",
    "on_call",
    "shifts",
]
