"""Registering plugins and looking after their credentials and defaults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from pluginhost import credentials, nudge
from pluginhost.actions import audit
from pluginhost.errors import Conflict, FieldError, Invalid
from pluginhost.models import Organization, Plugin, Session
from pluginhost.principal import Principal
from pluginhost.protocol import config as config_json

MOST_CLASSES = 1_000
LONGEST_CLASS_NAME = 200
LONGEST_KEEP_OLD_S = 24 * 3600
DEFAULT_KEEP_OLD_S = 3600
EDITABLE = (
    "name",
    "description",
    "class_names",
    "default_config",
    "config_schema",
    "concurrency",
    "timeout_s",
    "idle_timeout_s",
    "retries",
    "retries_after_imports",
)
MOST_RETRIES = 5


@transaction.atomic
def register(principal: Principal, organization: Organization, fields: Mapping[str, Any]) -> Plugin:
    """A new plugin with a fresh ID and secret. `fields` are those of EDITABLE; Invalid names what is wrong."""
    checked = _checked(fields, Plugin())
    if not checked.get("name"):
        raise _bad("name", "Give the plugin a name.")
    secret = credentials.new_plugin_secret()
    plugin = Plugin.objects.create(
        organization=organization,
        owner=principal.user,
        secret_encrypted=credentials.encrypt(secret),
        secret_digest=credentials.digest(secret),
        **checked,
    )
    audit.note(principal, "plugin.registered", organization=organization, target=plugin)
    return plugin


@transaction.atomic
def edit(principal: Principal, plugin: Plugin, fields: Mapping[str, Any]) -> Plugin:
    """Change what EDITABLE names; sessions that were asked for before keep what they were asked with."""
    checked = _checked(fields, plugin)
    changed = {name: value for name, value in checked.items() if getattr(plugin, name) != value}
    if not changed:
        return plugin
    Plugin.objects.filter(pk=plugin.pk).update(**changed, version=F("version") + 1)
    audit.note(
        principal,
        "plugin.edited",
        organization=plugin.organization,
        target=plugin,
        details={"fields": sorted(changed)},
    )
    nudge.plugin(plugin.pk)
    plugin.refresh_from_db()
    return plugin


@transaction.atomic
def reveal_secret(principal: Principal, plugin: Plugin) -> str:
    """The secret, to be shown once more; the look is written down."""
    secret = credentials.decrypt(plugin.secret_encrypted)
    audit.note(principal, "plugin.secret_revealed", organization=plugin.organization, target=plugin)
    return secret


@transaction.atomic
def rotate_secret(principal: Principal, plugin: Plugin, keep_old_for_s: int = DEFAULT_KEEP_OLD_S) -> str:
    """A new secret; scripts with the old one are let in for `keep_old_for_s` more seconds (0 to 24 h)."""
    if not 0 <= keep_old_for_s <= LONGEST_KEEP_OLD_S:
        raise _bad("keep_old_for_s", f"This must be 0 to {LONGEST_KEEP_OLD_S} seconds.")
    secret, now = credentials.new_plugin_secret(), timezone.now()
    Plugin.objects.filter(pk=plugin.pk).update(
        old_secret_digest=F("secret_digest"),
        old_secret_until=now + timedelta(seconds=keep_old_for_s),
        secret_encrypted=credentials.encrypt(secret),
        secret_digest=credentials.digest(secret),
        secret_set_at=now,
    )
    audit.note(
        principal,
        "plugin.secret_rotated",
        organization=plugin.organization,
        target=plugin,
        details={"keep_old_for_s": keep_old_for_s},
    )
    nudge.plugin(plugin.pk)
    plugin.refresh_from_db()
    return secret


@transaction.atomic
def quarantine(principal: Principal, plugin: Plugin, reason: str = "") -> None:
    """Keep all its scripts connected but without work, until it is released."""
    sentence = reason or f"{principal.user.shown_name} took it out of service."
    _set_quarantine(principal, plugin, "plugin.quarantined", timezone.now(), sentence[:300])


@transaction.atomic
def release(principal: Principal, plugin: Plugin) -> None:
    """Give its scripts work again. The reason stays: by it the gateway knows which scripts were out for it."""
    _set_quarantine(principal, plugin, "plugin.released", None, plugin.quarantine_reason)


def _set_quarantine(principal: Principal, plugin: Plugin, verb: str, at: Any, reason: str) -> None:
    Plugin.objects.filter(pk=plugin.pk).update(quarantined_at=at, quarantine_reason=reason)
    audit.note(principal, verb, organization=plugin.organization, target=plugin, details={"reason": reason})
    nudge.plugin(plugin.pk)


@transaction.atomic
def delete(principal: Principal, plugin: Plugin) -> None:
    """Take it out of sight; its sessions stay in the run history of their projects. Open sessions must end first."""
    if Session.objects.open().filter(plugin=plugin).exists():
        raise Conflict("Sessions of this plugin are queued or running. Cancel them first, then delete it.")
    plugin.places.all().delete()
    Plugin.objects.filter(pk=plugin.pk).update(deleted_at=timezone.now())
    audit.note(principal, "plugin.deleted", organization=plugin.organization, target=plugin)
    nudge.plugin(plugin.pk)


# --- what may stand in the fields ---


def _checked(fields: Mapping[str, Any], plugin: Plugin) -> dict[str, Any]:
    """The given fields as they are stored; Invalid with all that is wrong."""
    values, errors = {}, list[FieldError]()
    for name in EDITABLE:
        if name not in fields:
            continue
        try:
            values[name] = _CHECKS[name](fields[name])
        except ValueError as error:
            errors.append({"path": name, "message": str(error)})
    if not errors:
        errors = _config_errors(values, plugin)
    if errors:
        raise Invalid(f"{errors[0]['path']}: {errors[0]['message']}", errors)
    return values


def _config_errors(values: dict[str, Any], plugin: Plugin) -> list[FieldError]:
    """What the schema says of the default config, where either is given."""
    if not {"default_config", "config_schema"} & set(values):
        return []
    config = values.get("default_config", plugin.default_config)
    schema = values.get("config_schema", plugin.config_schema)
    found = config_json.errors_of(config_json.parse_object(config), schema)
    return [{"path": path.replace("config", "default_config", 1), "message": text} for path, text in found]


def _name(value: Any) -> str:
    text = _text(value, 120)
    if not text:
        raise ValueError("Give the plugin a name.")
    return text


def _text(value: Any, longest: int = 5000) -> str:
    if not isinstance(value, str):
        raise ValueError("This must be text.")
    text = value.replace("\0", "").strip()
    if len(text) > longest:
        raise ValueError(f"This is longer than {longest:,} characters.")
    return text


def _class_names(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("This must be a list of names.")
    names = list(dict.fromkeys(name.replace("\0", "").strip() for name in value if name.strip()))
    if len(names) > MOST_CLASSES or any(len(name) > LONGEST_CLASS_NAME for name in names):
        raise ValueError(f"At most {MOST_CLASSES:,} classes of at most {LONGEST_CLASS_NAME} characters.")
    return names


def _json_text(value: Any) -> str:
    """JSON text of an object, whether it came as one or as text; the person's own layout is kept."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    config_json.parse_object(text)
    return text.strip() or "{}"


def _schema_text(value: Any) -> str:
    if value is None or value == "" or value == {}:
        return ""
    text = _json_text(value)
    config_json.check_schema(text)
    return "" if text == "{}" else text


def _whole_number(least: int, most: int) -> Any:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"This must be a whole number from {least} to {most:,}.")
        return value

    return check


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("This must be true or false.")
    return value


_CHECKS = {
    "name": _name,
    "description": _text,
    "class_names": _class_names,
    "default_config": _json_text,
    "config_schema": _schema_text,
    "concurrency": _whole_number(1, 100),
    "timeout_s": _whole_number(1, 30 * 86_400),
    "idle_timeout_s": _whole_number(1, 30 * 86_400),
    "retries": _whole_number(0, MOST_RETRIES),
    "retries_after_imports": _flag,
}


def _bad(path: str, message: str) -> Invalid:
    return Invalid(message, [{"path": path, "message": message}])
