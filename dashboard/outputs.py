"""Which output is meant: of a plugin's script, of its environment's making, or what was printed during a session."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone

from pluginhost import output_reading, script_files
from pluginhost.models import Plugin, ScriptEnvironment, ScriptStart, Session
from pluginhost.output_reading import Output

BUILD = "build"
LINES_AT_FIRST = 100


def of_plugin(plugin: Plugin, which: str) -> Output | None:
    """None when there is no such instance, or nothing was ever built."""
    if which == BUILD:
        made = ScriptEnvironment.objects.filter(script__plugin=plugin).order_by("-began_at", "-id").first()
        return Output(script_files.build_log(plugin.uid, made)) if made else None
    return Output(script_files.output(plugin.uid, int(which))) if _is_instance(which) else None


def of_session(session: Session, which: str) -> Output | None:
    """From its order to its end, or until now."""
    if not _is_instance(which) or session.started_at is None:
        return None
    folder = script_files.output(session.plugin.uid, int(which))
    return Output(folder, session.started_at, session.finished_at)


def _is_instance(which: str) -> bool:
    return which.isascii() and which.isdigit() and len(which) <= 2


def instances_in(session: Session) -> list[str]:
    """The instances of the managed script that ran while the session did, as they are named in addresses."""
    if session.started_at is None:
        return []
    until = session.finished_at or timezone.now()
    ran = ScriptStart.objects.filter(instance__script__plugin=session.plugin_id, started_at__lte=until)
    ran = ran.filter(Q(ended_at=None) | Q(ended_at__gte=session.started_at))
    return list(map(str, ran.order_by("instance__number").values_list("instance__number", flat=True).distinct()))


def likely(session: Session, instances: list[str]) -> str:
    """The instance whose process holds it, where its client told that; else the first."""
    told = session.connection.told if session.connection else {}
    starts = ScriptStart.objects.filter(instance__script__plugin=session.plugin_id, pid=told.get("pid"))
    number = starts.order_by("-id").values_list("instance__number", flat=True).first() if told.get("pid") else None
    return str(number) if str(number) in instances else instances[0]


def viewer(output: Output | None, which: str, url: str, socket: str) -> dict[str, Any]:
    """What templates/plugins/_output.html is drawn with: its last lines; its script takes over from there."""
    known = {"shown_output": which, "output_url": url, "output_socket": socket}
    if output is None:
        return known | {"output_rows": [], "output_counts": output_reading.counts(1, 0)}
    first, last = output.edges()
    rows = output_reading.last_lines(output, LINES_AT_FIRST)
    return known | {
        "output_rows": rows,
        "output_first": first,
        "output_last": last,
        "output_kept": last - first + 1,
        "output_earlier": last - first + 1 - len(rows),
        "output_counts": output_reading.counts(first, last),
    }
