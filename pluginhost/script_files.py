"""Where the files of managed scripts are: everything of one plugin in a folder of its own under the data directory.

- `scripts/<plugin's uid>/code/<number>/`: an upload, as it came, never changed
- `…/environments/<digest>/`: `venv`, made from the requirements, and `log`
- `…/running/<instance>/`: a copy of the code, filled in for one start
- `…/output/<instance>/`: what it prints (see `script_output`)
- `…/locks/<instance>`: held while a process of it lives
- `scripts/keepers/<name>`: held while a supervisor lives
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from .models import ManagedScript, ScriptCode, ScriptEnvironment

_DIGEST = 16


def root() -> Path:
    return Path(settings.PLUGINHOST_DATA_DIR) / "scripts"


def folder(plugin_uid: str) -> Path:
    return root() / plugin_uid


def code(plugin_uid: str, number: int) -> Path:
    return folder(plugin_uid) / "code" / str(number)


def code_of(script: ManagedScript, uploaded: ScriptCode) -> Path:
    return code(script.plugin.uid, uploaded.number)


def environment(plugin_uid: str, digest: str) -> Path:
    return folder(plugin_uid) / "environments" / digest[:_DIGEST]


def build_log(plugin_uid: str, made: ScriptEnvironment) -> Path:
    """For `script_output`: what was printed while this environment was made."""
    return environment(plugin_uid, made.digest) / "log"


def running(plugin_uid: str, instance: int) -> Path:
    return folder(plugin_uid) / "running" / str(instance)


def output(plugin_uid: str, instance: int) -> Path:
    """For `script_output`: what an instance printed."""
    return folder(plugin_uid) / "output" / str(instance)


def lock(plugin_uid: str, instance: str) -> Path:
    return folder(plugin_uid) / "locks" / instance


def keeper(name: str) -> Path:
    return root() / "keepers" / name


def bundled() -> Path:
    """The folder of the demo's script."""
    return Path(settings.BASE_DIR) / "examples"
