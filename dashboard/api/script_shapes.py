"""How managed scripts, their versions and their starts are shown."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pluginhost import script_rules, script_variables
from pluginhost.actions import supervision
from pluginhost.models import ManagedScript, ScriptCode, ScriptEnvironment, ScriptInstance, ScriptStart

from .times import Moment


class InstanceShown(BaseModel):
    number: int
    state: str
    reason: str
    tries: int = Field(description="Starts in a row that did not stay up.")
    next_start_at: Moment | None
    changed_at: Moment


class EnvironmentShown(BaseModel):
    """The Python environment that was made last."""

    state: str
    began_at: Moment
    ended_at: Moment | None
    reason: str
    packages: list[str]


class ScriptShown(BaseModel):
    wanted: str
    source: str
    server_path: str
    entry: str
    version: int | None = Field(description="The upload that runs.")
    requirements: str
    environment: list[str] = Field(description="The names of its variables; their values are shown to nobody.")
    working_directory: str
    restart: str
    stop_signal: str
    patience_s: int
    start_s: int
    memory_limit_mb: int | None
    cpu_limit_s: int | None
    instances_wanted: int
    restarts_on_cancel: bool
    revision: int
    changed_at: Moment
    refusal: str = Field(description="Why this server does not run it; empty where it does.")
    instances: list[InstanceShown]
    made: EnvironmentShown | None


class VersionShown(BaseModel):
    number: int
    name: str
    entry: str
    digest: str
    size: int
    files: int
    added_at: Moment
    added_by: str | None


class StartShown(BaseModel):
    number: int
    instance: int
    version: int | None
    pid: int | None
    started_at: Moment
    up_at: Moment | None = Field(description="When it had stayed up for its start time.")
    ended_at: Moment | None
    exit_code: int | None = Field(description="Negative: the signal that ended it.")
    was_asked: bool
    reason: str
    last_lines: str = Field(description="The last it wrote to stderr.")


_COPIED = (
    "wanted", "source", "server_path", "entry", "requirements", "working_directory", "restart", "stop_signal",
    "patience_s", "start_s", "memory_limit_mb", "cpu_limit_s", "instances_wanted", "restarts_on_cancel", "revision",
    "changed_at",
)  # fmt: skip
_OF_INSTANCE = ("number", "state", "reason", "tries", "next_start_at", "changed_at")
_OF_CODE = ("number", "name", "entry", "digest", "size", "files", "added_at")
_OF_START = (
    "number", "pid", "started_at", "up_at", "ended_at", "exit_code", "was_asked", "reason", "last_lines",
)  # fmt: skip


def show_script(script: ManagedScript) -> ScriptShown:
    made = ScriptEnvironment.objects.filter(script=script).order_by("-began_at", "-id").first()
    return ScriptShown(
        **{name: getattr(script, name) for name in _COPIED},
        version=script.code.number if script.code else None,
        environment=script_variables.names(script),
        refusal=script_rules.refusal(script.source),
        instances=[_instance(instance) for instance in supervision.instances(script)],
        made=_made(made) if made else None,
    )


def _instance(instance: ScriptInstance) -> InstanceShown:
    return InstanceShown(**{name: getattr(instance, name) for name in _OF_INSTANCE})


def _made(made: ScriptEnvironment) -> EnvironmentShown:
    return EnvironmentShown(
        state=made.state,
        began_at=made.began_at,
        ended_at=made.ended_at,
        reason=made.reason,
        packages=[line for line in made.packages.splitlines() if line],
    )


def show_versions(codes: list[ScriptCode]) -> list[VersionShown]:
    return [
        VersionShown(
            **{name: getattr(code, name) for name in _OF_CODE},
            added_by=code.added_by.username if code.added_by else None,
        )
        for code in codes
    ]


def show_starts(starts: list[ScriptStart]) -> list[StartShown]:
    return [
        StartShown(
            **{name: getattr(start, name) for name in _OF_START},
            instance=start.instance.number,
            version=start.code.number if start.code else None,
        )
        for start in starts
    ]
