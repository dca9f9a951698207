"""`manage.py createapikey <username>`."""

import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pluginhost import authentication
from pluginhost.models import AuditEvent

from .server import ROOT, Server


def made(*arguments):
    out = StringIO()
    call_command("createapikey", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_one_new_key_alone(alice):
    printed = made("alice")
    assert printed == printed.strip() + "\n"
    assert len(printed.split()) == 1
    assert authentication.by_key(printed.strip()).user == alice


def test_each_time_it_is_another_key(alice):
    assert made("alice") != made("alice")


def test_the_key_may_have_a_name(alice):
    made("alice", "--name", "Nightly")
    assert alice.api_keys.get().name == "Nightly"
    assert AuditEvent.objects.filter(verb="api_key.created").exists()


def test_a_user_that_there_is_not_is_refused_in_a_sentence(db):
    with pytest.raises(CommandError, match=r"There is no user «nobody»\."):
        made("nobody")


def test_somebody_inactive_gets_none(alice):
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    with pytest.raises(CommandError, match="not active"):
        made("alice")


def test_it_works_on_the_data_directory_that_is_named(tmp_path):
    """As a program: standard output has the key and nothing else."""

    server = Server(tmp_path)
    server.make_tables()

    def run(*arguments):
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=server.environment, capture_output=True, text=True, check=False)

    make = "from pluginhost.models import User; User.objects.create_user('zoe')"
    assert run("shell", "-v0", "-c", make).returncode == 0
    printed = run("createapikey", "zoe")
    assert (printed.returncode, len(printed.stdout.split())) == (0, 1)
    refused = run("createapikey", "nobody")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "There is no user" in refused.stderr
