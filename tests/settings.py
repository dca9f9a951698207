"""The settings under test: a data directory of their own, and the quick password hasher."""

import os
import tempfile

os.environ["PLUGINHOST_DATA_DIR"] = tempfile.mkdtemp(prefix="pluginhost-tests-")

from dashboard.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
