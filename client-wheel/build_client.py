"""Builds the wheel `pluginhost-client` from `../pluginhost/client`: a build backend (PEP 517) that needs nothing.

The client's folder stays where the server imports it from, which is outside of this one; the usual backends take only
what lies below them. A wheel is a ZIP with three files of its own. It has no `pluginhost/__init__.py`, so that it
takes nothing from, and adds nothing to, a server's own package of that name.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "pluginhost" / "client"
TAG = "py3-none-any"
BEGINNING = (2024, 1, 1, 0, 0, 0)
"""All files have this time, so that the same source makes the same wheel."""


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """Write the wheel and give its name."""
    name = f"pluginhost_client-{version()}-{TAG}.whl"
    info = f"pluginhost_client-{version()}.dist-info"
    files = {f"pluginhost/client/{path.relative_to(SOURCE).as_posix()}": path.read_bytes() for path in sources()}
    files[f"{info}/METADATA"] = metadata().encode()
    about = ["Wheel-Version: 1.0", "Generator: build_client", "Root-Is-Purelib: true", f"Tag: {TAG}"]
    files[f"{info}/WHEEL"] = "\n".join([*about, ""]).encode()
    record = [f"{path},sha256={digest(content)},{len(content)}\n" for path, content in files.items()]
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    with zipfile.ZipFile(Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, BEGINNING)
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return name


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    raise NotImplementedError("Build the wheel: the source of the client lies in Pluginhost's repository.")


def sources() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*") if path.suffix in (".py", ".typed"))


def version() -> str:
    (found,) = re.findall(r'^VERSION = "(.+)"', (SOURCE / "version.py").read_text(), re.MULTILINE)
    return str(found)


def metadata() -> str:
    """From the [project] of pyproject.toml, read plainly: tomllib came with Python 3.11, and this builds on 3.9."""
    project = (HERE / "pyproject.toml").read_text().partition("[project]")[2]
    values = dict(re.findall(r'^([a-z-]+) = "(.+)"', project, re.MULTILINE))
    (dependencies,) = re.findall(r"^dependencies = \[(.+)\]", project, re.MULTILINE)
    required = re.findall(r'"([^"]+)"', dependencies)
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {values['name']}",
        f"Version: {version()}",
        f"Summary: {values['description']}",
        f"Requires-Python: {values['requires-python']}",
        *(f"Requires-Dist: {requirement}" for requirement in required),
    ]
    return "\n".join(lines) + "\n"


def digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
