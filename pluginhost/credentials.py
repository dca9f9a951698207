"""Keys and secrets: how they are made, stored, shown again and compared.

A plugin's secret is encrypted, since its owner may see it again, and has a digest beside it, since
a heartbeat must not cost a decryption. Personal and session keys are stored as a digest only. All
are random and long, so a fast keyed hash is right; it is keyed so that a copied database is no oracle.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from .errors import Conflict

PERSONAL_PREFIX = "ph_"
SESSION_PREFIX = "phs_"
_PLAIN_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_HEX_KEYS = ("secret_key", "digest_key")


def load_keys(folder: Path) -> dict[str, str]:
    """The installation's keys from `folder` (one file each, mode 0600), made where they are missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = {name: _load_key(folder / name, secrets.token_hex(32)) for name in _HEX_KEYS}
    keys["encryption_key"] = _load_key(folder / "encryption_key", Fernet.generate_key().decode())
    return keys


def _load_key(path: Path, fresh: str) -> str:
    """Read a key; the first process to come writes `fresh`, whole or not at all."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(fresh)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first, and its key is the one
        finally:
            draft.unlink()
    return path.read_text().strip()


def new_plugin_secret() -> str:
    """A plugin's secret: groups of hex digits, so that a person can compare two of them."""
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def new_personal_key() -> str:
    return PERSONAL_PREFIX + secrets.token_urlsafe(32)


def new_session_key() -> str:
    return SESSION_PREFIX + secrets.token_urlsafe(32)


def new_password() -> str:
    """A password to be told to somebody and changed at once: 16 letters in groups, none that looks like another."""
    letters = "".join(secrets.choice(_PLAIN_LETTERS) for _ in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def digest(secret: str) -> str:
    """The keyed hash under which a secret or key is stored and looked up, 64 hex digits."""
    text = secret.encode("utf-8", "surrogatepass")
    return hmac.new(settings.PLUGINHOST_DIGEST_KEY.encode(), text, hashlib.sha256).hexdigest()


def matches(secret: str, stored_digest: str) -> bool:
    """Whether `secret` has this digest, in constant time."""
    return bool(stored_digest) and hmac.compare_digest(digest(secret), stored_digest)


def encrypt(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text again; Conflict when it was encrypted under a key that this installation has not."""
    try:
        return _box().decrypt(token.encode()).decode()
    except InvalidToken:
        raise Conflict(
            "This secret was stored under another encryption key. Put the old key back into "
            "PLUGINHOST_ENCRYPTION_KEYS, or rotate the secret."
        ) from None


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.PLUGINHOST_ENCRYPTION_KEYS])
