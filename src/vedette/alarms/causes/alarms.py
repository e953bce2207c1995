"""Other alarms that began shortly before."""

from __future__ import annotations

from collections.abc import Sequence

from vedette.alarms.causes.model import Candidate, Question, moment_of
from vedette.telemetry.ranges import bound_range

_FIRED = """
SELECT
    AlarmId, any(Alarm) AS Name, min(Time) AS FirstTime, argMin(Labels, Time) AS FirstLabels,
    argMin(Reason, Time) AS FirstReason
FROM @alarm_history
WHERE Time >= {start:DateTime64(9, 'UTC')} AND Time < {end:DateTime64(9, 'UTC')}
    AND Scope = 'series' AND State = 'ALARM' AND AlarmId != {alarm:String}
GROUP BY AlarmId
ORDER BY FirstTime
LIMIT 20
"""


class EarlierAlarms:
    """Alarms that went into ALARM before this one did."""

    name = "alarms"

    def find(self, question: Question) -> Sequence[Candidate]:
        """See ``CauseSource``."""
        params = {
            "start": bound_range(question.window)["start"],
            "end": question.since.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "alarm": question.alarm_id,
        }
        columns = question.runner.run(question.account, _FIRED, params)
        return [
            Candidate(
                "alarm", f"{name} went into ALARM before", reason, moment_of(at), 0.65,
                labels.get("service", ""), {"labels": labels}, f"/alarms/{alarm_id}",
            )
            for alarm_id, name, at, labels, reason in zip(
                columns["AlarmId"], columns["Name"], columns["FirstTime"],
                columns["FirstLabels"], columns["FirstReason"], strict=True,
            )
        ]  # fmt: skip
