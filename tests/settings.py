"""The settings under test: a data directory of their own, a database file in it, and the quick password hasher."""

import os
import tempfile

os.environ["PLUGINHOST_DATA_DIR"] = tempfile.mkdtemp(prefix="pluginhost-tests-")

from dashboard.settings import *  # noqa: F403

from . import postgres

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A file, as when it serves: several threads on SQLite in memory refuse each other with «table is locked».
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": PLUGINHOST_DATA_DIR / "test.sqlite3"}  # noqa: F405
else:
    DATABASES["default"]["TEST"] = {"TEMPLATE": os.environ.get(postgres.TEMPLATE)}  # noqa: F405

STATIC_ROOT.mkdir()  # noqa: F405  # nothing is served from it here
