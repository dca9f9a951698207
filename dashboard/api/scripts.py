"""Managed scripts: what a plugin's owners want run, how it stands, and what it prints."""

from __future__ import annotations

import tempfile
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from dashboard import outputs
from dashboard.streaming import streamed
from pluginhost import access, output_reading
from pluginhost.actions import managed_scripts, script_codes
from pluginhost.errors import Invalid, NotFound, TooLarge
from pluginhost.models import Plugin, ScriptCode, ScriptStart
from pluginhost.output_reading import Filter, Output
from pluginhost.script_uploads import Upload

from .auth import principal_of
from .bodies import Given
from .paging import Page, Paging, Text, page
from .script_shapes import ScriptShown, StartShown, VersionShown, show_script, show_starts, show_versions

router = Router()
_CHUNK = 2**20
_MOST_IN_MEMORY = 2**22
_RAW = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}, "required": True}
_DOWNLOADS = {"text": ("text/plain; charset=utf-8", "txt"), "jsonl": ("application/jsonl; charset=utf-8", "jsonl")}
Verb = Literal["start", "stop", "restart", "start-once"]
_VERBS = {
    "start": managed_scripts.start,
    "stop": managed_scripts.stop,
    "restart": managed_scripts.restart,
    "start-once": managed_scripts.start_once,
}


class ScriptFields(Given):
    """How it is kept; what is not named stays."""

    source: Literal["uploaded", "path", "demo"] = "uploaded"
    server_path: str = ""
    entry: str = ""
    requirements: str = Field(default="", description="As in a requirements.txt.")
    environment: dict[str, str | None] = Field(
        default={}, description="Names with values; null for one that stays. A name that is left out goes."
    )
    working_directory: str = ""
    restart: Literal["always", "on_failure", "never"] = "always"
    stop_signal: Literal["SIGTERM", "SIGINT"] = "SIGTERM"
    patience_s: int = 10
    start_s: int = 5
    memory_limit_mb: int | None = None
    cpu_limit_s: int | None = None
    instances_wanted: int = 1
    restarts_on_cancel: bool = False


class VersionAsked(BaseModel):
    name: Text = Field(default="script.py", description="The file's name: «.py», or «.zip» for a folder.")
    entry: Text = Field(default="", description="The file that is started, where it is not plain.")


class StartsAsked(BaseModel):
    instance: int | None = Field(default=None, ge=1, le=99)


class OutputAsked(BaseModel):
    of: Literal["instance", "build"] = Field(default="instance", description="`build`: how its environment was made.")
    instance: int = Field(default=1, ge=1, le=99)
    after: int = Field(default=0, ge=0, le=2**53, description="Only lines with a larger number.")
    limit: int = Field(default=output_reading.MOST_LINES, ge=1, le=output_reading.MOST_LINES)
    stream: Literal["", "out", "err"] = ""
    q: Text = Field(default="", description="Only lines that contain this, in any case.")
    format: Literal["json", "text", "jsonl"] = Field(default="json", description="text and jsonl download all of it.")


class OutputLine(BaseModel):
    number: int = Field(description="Counts over all starts of the instance; the oldest lines go when there are many.")
    at: str
    stream: Literal["stdout", "stderr", "system"]
    message: str


class OutputPage(BaseModel):
    lines: list[OutputLine]
    next: int | None


# --- how it is kept ---


@router.get("/plugins/{plugin_id}/script", response=ScriptShown, summary="Its managed script")
def get_script(request: HttpRequest, plugin_id: str) -> ScriptShown:
    return show_script(managed_scripts.of(access.plugin(principal_of(request), plugin_id)))


@router.patch("/plugins/{plugin_id}/script", response=ScriptShown, summary="Set how it is kept")
def configure_script(request: HttpRequest, plugin_id: str, body: ScriptFields) -> ScriptShown:
    """Makes it where the plugin has none. What runs is started anew with it."""
    principal = principal_of(request)
    plugin = access.owned_plugin(principal, plugin_id)
    return show_script(managed_scripts.configure(principal, plugin, body.given()))


@router.delete("/plugins/{plugin_id}/script", response={204: None}, summary="Forget it")
def remove_script(request: HttpRequest, plugin_id: str) -> Status[None]:
    """With its versions and starts. It must have been stopped before."""
    principal = principal_of(request)
    managed_scripts.remove(principal, access.owned_plugin(principal, plugin_id))
    return Status(204, None)


@router.get("/plugins/{plugin_id}/script/versions", response=Page[VersionShown], summary="What was uploaded")
def list_versions(request: HttpRequest, plugin_id: str, paging: Query[Paging]) -> Page[VersionShown]:
    plugin = access.plugin(principal_of(request), plugin_id)
    codes = ScriptCode.objects.filter(script__plugin=plugin).select_related("added_by")
    return page(codes, paging, show_versions, newest_first=True)


@router.post(
    "/plugins/{plugin_id}/script/versions",
    response={201: VersionShown},
    summary="Upload a version",
    openapi_extra={"requestBody": _RAW},
)
def upload_version(request: HttpRequest, plugin_id: str, asked: Query[VersionAsked]) -> Status[VersionShown]:
    """The body is the file itself: Python, or a zip of a folder. What runs is started anew with it."""
    principal = principal_of(request)
    plugin = access.owned_plugin(principal, plugin_id)
    managed_scripts.refuse_unless_allowed("uploaded")
    with tempfile.SpooledTemporaryFile(max_size=_MOST_IN_MEMORY) as file:
        _receive(request, file)
        code = script_codes.upload(principal, plugin, [Upload(asked.name, file)], asked.entry)  # type: ignore[arg-type]
    return Status(201, show_versions([code])[0])


def _receive(request: HttpRequest, file: Any) -> None:
    """Read in pieces: Django would hold the body whole, and takes no large one so."""
    limit, received = settings.PLUGINHOST_SCRIPT_LIMIT, 0
    while piece := request.read(_CHUNK):
        received += len(piece)
        if received > limit:
            raise TooLarge(f"The script is larger than the {limit:,} bytes that are taken here.")
        file.write(piece)
    if not received:
        raise Invalid("The body is empty; send the file itself.")
    file.seek(0)


@router.post(
    "/plugins/{plugin_id}/script/versions/{number}/use", response=ScriptShown, summary="Go to a version that is kept"
)
def use_version(request: HttpRequest, plugin_id: str, number: int) -> ScriptShown:
    principal = principal_of(request)
    plugin = access.owned_plugin(principal, plugin_id)
    if not 0 < number < 2**31:
        raise NotFound("There is no such version.")
    script_codes.choose(principal, plugin, number)
    return show_script(managed_scripts.of(plugin))


# --- what it did ---


@router.get("/plugins/{plugin_id}/script/starts", response=Page[StartShown], summary="Its starts, newest first")
def list_starts(
    request: HttpRequest, plugin_id: str, asked: Query[StartsAsked], paging: Query[Paging]
) -> Page[StartShown]:
    plugin = access.plugin(principal_of(request), plugin_id)
    starts = ScriptStart.objects.filter(instance__script__plugin=plugin).select_related("instance", "code")
    if asked.instance is not None:
        starts = starts.filter(instance__number=asked.instance)
    return page(starts, paging, show_starts, newest_first=True)


@router.get("/plugins/{plugin_id}/script/output", response=OutputPage, summary="What it printed")
def get_output(request: HttpRequest, plugin_id: str, asked: Query[OutputAsked]) -> OutputPage | HttpResponseBase:
    """To follow it, ask again with `after` set to the last line's number."""
    plugin = access.plugin(principal_of(request), plugin_id)
    output, which = _output(plugin, asked), Filter.asked(asked.stream, asked.q)
    if asked.format != "json":
        content_type, ending = _DOWNLOADS[asked.format]
        return streamed(output_reading.chunks(output, which, asked.format), content_type, f"{plugin.uid}.{ending}")
    found = output_reading.lines(output, which, asked.after, asked.limit, cut=0)
    return OutputPage(lines=[_line(line) for line in found["lines"]], next=found["next"])


def _output(plugin: Plugin, asked: OutputAsked) -> Output:
    output = outputs.of_plugin(plugin, outputs.BUILD if asked.of == "build" else str(asked.instance))
    if output is None:
        raise NotFound("No environment was made yet.")
    return output


def _line(line: dict[str, Any]) -> OutputLine:
    stream = output_reading.WORDS[line["stream"]]
    return OutputLine(number=line["number"], at=line["at"], stream=stream, message=line["message"])  # type: ignore[arg-type]


# --- start and stop: last, since any word stands there ---


@router.post(
    "/plugins/{plugin_id}/script/{verb}", response=ScriptShown, summary="Start, stop, restart, start once more"
)
def act_on_script(request: HttpRequest, plugin_id: str, verb: Verb) -> ScriptShown:
    """`start` has it kept running from now on; `start-once` gives one that gave up one more try."""
    principal = principal_of(request)
    return show_script(_VERBS[verb](principal, access.owned_plugin(principal, plugin_id)))
