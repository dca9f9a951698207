"""Words that the host knows."""

from enum import Enum


class ProjectRoles(Enum):
    Manager = "Manager"
    Labeler = "Labeler"
    Reviewer = "Reviewer"
    Lead = "Lead"


class StorageFileTypes(Enum):
    BRUSH = "brushes"
    MEDICAL_BRUSH = "medicalBrushes"
    ASSET = "assets"
    EXPORT = "exports"
    INSTRUCTION = "instructions"


class ExportTypes(Enum):
    TASK = "task"
    ISSUE = "issue"


class ExportFormats(Enum):
    JSON = "json"
    NDJSON = "ndjson"


class TaskTypes(Enum):
    DEFAULT = "default"
    CONSENSUS = "consensus"
    BENCHMARK = "benchmark"


TaskType = TaskTypes


class ReviewStatus(Enum):
    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    TODO = "Todo"
    FIXED = "Fixed"


class TaskStatus(Enum):
    TODO = "Todo"
    COMPLETED = "Completed"
    READY = "READY"
