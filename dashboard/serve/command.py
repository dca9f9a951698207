"""What `manage.py serve` does."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys

from django.core.exceptions import ImproperlyConfigured

from dashboard import environment

from . import lock, options
from .listener import listen
from .parent import Parent


def main(arguments: list[str]) -> int:
    """`manage.py serve …`; the exit code."""
    return serve(_parser().parse_args(arguments))


def serve(given: argparse.Namespace) -> int:
    """Run until told to end; the exit code."""
    options.put_into_environment(given)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        chosen = options.from_environment()
        held = None if environment.text("DATABASE_URL") else lock.take(chosen.folder)
        listener = listen(chosen.host, chosen.port)
    except ImproperlyConfigured as error:
        print(f"Pluginhost cannot start. {error}", file=sys.stderr)  # noqa: T201
        return 1
    with held or contextlib.nullcontext():
        return Parent(listener, chosen).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="manage.py serve",
        description=options.DESCRIPTION,
        epilog=options.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_to(parser)
    return parser
