"""The child's first file: it loads the apps, and says in one line what is wrong with the settings."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from types import ModuleType

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import SystemCheckError
from django.db import OperationalError


def main() -> None:
    given = _arguments()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent speaks for the terminal
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    try:
        django.setup()
        if given.prepare:
            _load("prepare").prepare()
        template = _load("template")
    except (ImproperlyConfigured, SystemCheckError) as error:
        sys.exit(f"Pluginhost cannot start. {error}")
    except OperationalError as error:
        said = " ".join(str(error).split())
        sys.exit(f"Pluginhost cannot start. DATABASE_URL or PLUGINHOST_DATA_DIR: the database says: {said}")
    except OSError as error:
        sys.exit(f"Pluginhost cannot start. PLUGINHOST_DATA_DIR: {error}")
    template.offer(given)


def _load(module: str) -> ModuleType:
    """What needs models can be imported only once the apps are loaded."""
    return importlib.import_module(f"dashboard.serve.{module}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A child of `manage.py serve`; not to be started by hand.")
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--role", required=True)
    parser.add_argument("--prepare", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
