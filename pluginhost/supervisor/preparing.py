"""What a script is started with: its folder, its command, its environment. All of it is done anew for each start."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from pluginhost import credentials, script_files, script_rules, script_variables
from pluginhost.errors import Conflict
from pluginhost.models import ManagedScript, ScriptInstance

from .process import Order

NEEDS_SETUPTOOLS = "setuptools<81"
"""The scheduler that the public client pins imports `pkg_resources`, which later ones do not have."""

_KEPT = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"}
_KEPT |= {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
_KEPT |= {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE", "XDG_CACHE_HOME"}
_KEPT_BEGINNINGS = ("LC_", "CUDA_", "NVIDIA_")
_BUILD_BEGINNINGS = ("PIP_",)
_LARGEST_FILLED = 2**20
HAND_BACK_S = 2
"""What our own client needs before the kill, to hand back what it could not finish."""
_MAKES_OWN = re.compile(r"^\s*setuptools\s*([=<>!~\[;@#]|$)", re.IGNORECASE | re.MULTILINE)
Source = ManagedScript.Source


@dataclass(frozen=True)
class Blanks:
    """What is filled in for a script: in its environment, and where the vendor's sample has a blank."""

    host: str
    plugin_id: str
    secret: str

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PLUGINHOST_HOST": self.host,
            "PLUGINHOST_URL": self.host,
            "PLUGINHOST_ID": self.plugin_id,
            "PLUGINHOST_SECRET": self.secret,
        }

    def fill(self, content: bytes) -> bytes:
        for blank, value in (
            (b"<YOUR HOST>", self.host),
            (b"<YOUR PLUGIN ID>", self.plugin_id),
            (b"<YOUR PLUGIN SECRET>", self.secret),
        ):
            content = content.replace(blank, value.encode())
        return content


def order_of(instance: ScriptInstance, python: Path, host: str, number: int, until: float) -> Order:
    """What the guard of a start is told. Conflict or OSError when something that it needs is not there."""
    script = instance.script
    uid = script.plugin.uid
    blanks = Blanks(host, uid, credentials.decrypt(script.plugin.secret_encrypted))
    own = {} if script.source == Source.DEMO else script_variables.reveal(script)
    folder = _folder(script, instance.number, blanks)
    command = [str(python), "-u", str(folder / script.entry)]
    return Order(
        command=command,
        cwd=str(folder / script.working_directory),
        environment=_variables(instance, own, blanks),
        output=str(script_files.output(uid, instance.number)),
        output_limit=settings.PLUGINHOST_SCRIPT_OUTPUT_LIMIT,
        secrets=[blanks.secret, *own.values()],
        lock=str(_lock(uid, str(instance.number))),
        says=f"Start {number}: python -u {shlex.quote(script.entry)}",
        memory_mb=script.memory_limit_mb,
        cpu_s=script.cpu_limit_s,
        until=until,
    )


def _folder(script: ManagedScript, instance: int, blanks: Blanks) -> Path:
    if script.source == Source.DEMO:
        return script_files.bundled()
    if script.source == Source.PATH:
        try:
            return script_rules.folder_on_server(script.server_path)
        except ValueError as error:
            raise Conflict(f"{script.server_path}: {error}") from None
    if script.code is None:
        raise Conflict("Nothing was uploaded yet.")
    return _filled_copy(
        script_files.code_of(script, script.code), script_files.running(script.plugin.uid, instance), blanks
    )


def _filled_copy(code: Path, running: Path, blanks: Blanks) -> Path:
    """A fresh copy, so that an upload stays as it came whatever the script does in its folder."""
    shutil.rmtree(running, ignore_errors=True)
    running.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copytree(code, running)
    running.chmod(0o700)
    for path in running.rglob("*"):
        if path.is_file() and path.stat().st_size <= _LARGEST_FILLED:
            content = path.read_bytes()
            filled = blanks.fill(content)
            if filled != content:
                path.chmod(0o600)
                path.write_bytes(filled)
    return running


def _lock(uid: str, name: str) -> Path:
    path = script_files.lock(uid, name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


# --- environment variables ---


def environment() -> dict[str, str]:
    """An allow-list of our own: no SECRET_KEY, no DATABASE_URL, nothing that a script could be somebody else with."""
    named = _KEPT | set(settings.PLUGINHOST_SCRIPT_VARIABLES)
    found = {name: value for name, value in os.environ.items() if name in named or name.startswith(_KEPT_BEGINNINGS)}
    return {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **found}


def _variables(instance: ScriptInstance, own: dict[str, str], blanks: Blanks) -> dict[str, str]:
    given = beside_proxies(environment(), blanks.host)
    return {**given, **_of_the_demo(instance.script), **own, **blanks.variables, **_of_the_instance(instance)}


def build_environment() -> dict[str, str]:
    """For pip: besides, where it finds packages."""
    more = {name: value for name, value in os.environ.items() if name.startswith(_BUILD_BEGINNINGS)}
    return {**environment(), **more, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def _of_the_instance(instance: ScriptInstance) -> dict[str, str]:
    """What our own client takes from it: its name, and how long it may go on with its sessions when it is to end."""
    patience = instance.script.patience_s
    return {
        "PLUGINHOST_INSTANCE": f"managed-{instance.number}",
        "PLUGINHOST_PATIENCE": f"{max(patience - HAND_BACK_S, patience / 2):g}",
    }


def _of_the_demo(script: ManagedScript) -> dict[str, str]:
    """The other processors are the server's."""
    return {"OPENBLAS_NUM_THREADS": "1"} if script.source == Source.DEMO else {}


def beside_proxies(found: dict[str, str], host: str) -> dict[str, str]:
    """A proxy that is there for the world is not asked for this server."""
    name = urlsplit(host).hostname or "127.0.0.1"
    if not {"HTTP_PROXY", "http_proxy"} & set(found):
        return found
    known = found.get("NO_PROXY") or found.get("no_proxy") or ""
    without = ",".join(filter(None, [known, name]))
    return {**found, "NO_PROXY": without, "no_proxy": without}


# --- requirements ---


def requirements_of(script: ManagedScript) -> str:
    """What its environment is made from."""
    if script.source == Source.DEMO:
        return (script_files.bundled() / "requirements.txt").read_text()
    return script.requirements


def asked_of_pip(requirements: str) -> list[str]:
    """What is installed besides, unless the author has asked for one of their own."""
    return [] if _MAKES_OWN.search(requirements) else [NEEDS_SETUPTOOLS]


def digest_of(requirements: str) -> str:
    """Of the requirements, and the Python that they are for."""
    asked = "\n".join([requirements.strip(), *asked_of_pip(requirements)])
    python = f"{platform.python_implementation()} {platform.python_version()} {sys.base_prefix}"
    return hashlib.sha256(f"{python}\n{asked}".encode()).hexdigest()
