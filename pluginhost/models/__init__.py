"""The facts: what is stored, in the words of ARCHITECTURE.md. Only `actions` writes them."""

from .access_keys import ApiKey
from .asset import Asset, BatchAsset
from .audit import AuditEvent
from .batch import Batch
from .connection import Connection
from .export import Export
from .file import StoredFile
from .imports import Import, ImportAssets, Notice, PreLabel, Rejection
from .issue import Issue, IssueComment
from .log import LogHead, LogLine, SessionEvent
from .managed_script import ManagedScript, ScriptCode, ScriptEnvironment, ScriptInstance, ScriptStart
from .notification import Notification
from .organization import Member, Organization, Role
from .plugin import Plugin, PluginInProject
from .process import ServerProcess
from .project import Project, ProjectHead
from .retention import DeletedSession, RetentionRule
from .scope import Scope
from .session import Response, Session, SessionInputs, SessionReads
from .task import Task, TaskStep
from .unknown_caller import UnknownCaller
from .user import User

__all__ = [
    "ApiKey",
    "Asset",
    "AuditEvent",
    "Batch",
    "BatchAsset",
    "Connection",
    "DeletedSession",
    "Export",
    "Import",
    "ImportAssets",
    "Issue",
    "IssueComment",
    "LogHead",
    "LogLine",
    "ManagedScript",
    "Member",
    "Notice",
    "Notification",
    "Organization",
    "Plugin",
    "PluginInProject",
    "PreLabel",
    "Project",
    "ProjectHead",
    "Rejection",
    "Response",
    "RetentionRule",
    "Role",
    "Scope",
    "ScriptCode",
    "ScriptEnvironment",
    "ScriptInstance",
    "ScriptStart",
    "ServerProcess",
    "Session",
    "SessionEvent",
    "SessionInputs",
    "SessionReads",
    "StoredFile",
    "Task",
    "TaskStep",
    "UnknownCaller",
    "User",
]
