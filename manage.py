#!/usr/bin/env python3
"""The command line of Pluginhost: `manage.py serve` runs it, `manage.py help` lists the rest."""

import os
import sys

try:
    from django.core.management import execute_from_command_line
except ImportError:
    sys.exit("Django is not installed here: run `make run`, or .venv/bin/python manage.py …")

from dashboard.serve import command

if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:  # its options are settings, so it must come before any setting is read
        sys.exit(command.main(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    execute_from_command_line(sys.argv)
