"""From an alarm to its cause: what changed shortly before, in the same resource and upstream."""

from vedette.alarms.causes.model import Candidate, CauseSource, Question
from vedette.alarms.causes.rank import SOURCES, find_causes

__all__ = ["SOURCES", "Candidate", "CauseSource", "Question", "find_causes"]
