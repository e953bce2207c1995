"""The one scheduler of recurring and due work, for one process or many."""

from vedette.scheduler.schedule import Cron, Every, Schedule, parse_schedule
from vedette.scheduler.scheduler import Scheduler, put_work
from vedette.scheduler.work import Claim, LostClaimError, Tick

__all__ = [
    "Claim",
    "Cron",
    "Every",
    "LostClaimError",
    "Schedule",
    "Scheduler",
    "Tick",
    "parse_schedule",
    "put_work",
]
