"""What an export is to hold (PROTOCOL 2.2)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from .enums import ExportFormats, ExportTypes, TaskTypes
from .moments import written


class TimeFilter:
    """From one moment to another, either may be left out."""

    def __init__(self, from_date: datetime | None = None, to_date: datetime | None = None) -> None:
        self.from_date, self.to_date = from_date, to_date

    def toDict(self) -> dict[str, str]:  # the public client's names
        ends = {"$gt": self.from_date, "$lt": self.to_date}
        return {name: written(moment) for name, moment in ends.items() if moment is not None}

    def to_json(self) -> str:
        return json.dumps(self.toDict())


class ExportOptions:
    """Completed tasks as JSON, unless it is said otherwise. `stage` and `batches` are lists of ids."""

    def __init__(
        self,
        stage: list[str] | None = None,
        batches: list[str] | None = None,
        task_type: TaskTypes = TaskTypes.DEFAULT,
        export_format: ExportFormats = ExportFormats.JSON,
        export_type: ExportTypes = ExportTypes.TASK,
        include_key_frames_only: bool = False,
        include_idle_blur_durations: bool = False,
        send_email: bool = False,
        include_metadata: bool = True,
        include_history: bool = True,
        notify: bool = False,
        updated_at: TimeFilter | None = None,
        created_at: TimeFilter | None = None,
    ) -> None:
        self.stage = ["Complete"] if stage is None and task_type is TaskTypes.DEFAULT else stage
        self.batches, self.task_types = batches, [task_type]
        self.export_format, self.export_type = export_format, export_type
        self.updated_at, self.created_at = updated_at, created_at
        self.flags = {
            "sendEmail": send_email,
            "includeMetadata": include_metadata,
            "includeHistory": include_history,
            "doNotNotify": not notify,
            "includeOnlyKeyFrames": include_key_frames_only,
            "includeIdleBlurDurations": include_idle_blur_durations,
        }

    def toDict(self) -> dict[str, Any]:
        """The query of the request."""
        query = {name: str(flag).lower() for name, flag in self.flags.items()}
        query.update(format=self.export_format.value, type=self.export_type.value)
        query["taskTypes"] = json.dumps([kind.value for kind in self.task_types])
        if self.batches:
            query["batches"] = json.dumps(self.batches)
        if self.stage and self.export_type is ExportTypes.TASK:
            query["stage"] = json.dumps(self.stage)
        times = {"updatedAt": self.updated_at, "createdAt": self.created_at}
        return {**query, **{name: span.to_json() for name, span in times.items() if span}}
