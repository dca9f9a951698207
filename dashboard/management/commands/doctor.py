"""`manage.py doctor <host> <id> [<secret>]`"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from pluginhost.client import doctor


class Command(BaseCommand):
    requires_system_checks = ()  # it is about a host, which may be another one
    help = (
        "Says why a script does not connect: name, TCP, TLS, clock, proxies, secret, and an order that is answered. "
        "The same as `python -m pluginhost.client.doctor`, which needs no Pluginhost where the script runs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        doctor.add_arguments(parser)

    def handle(self, *args: Any, host: str, plugin_id: str, secret: str, seconds: float, **options: Any) -> None:
        steps = []
        for step in doctor.examine(host, plugin_id, doctor.secret_of(secret), seconds):
            steps.append(step)
            for line in [doctor.as_json(step)] if options["json"] else doctor.lines_of(step):
                self.stdout.write(line)
        if not options["json"]:
            self.stdout.write(doctor.summary(steps))
        if any(step.state == doctor.FAILED for step in steps):
            sys.exit(1)
