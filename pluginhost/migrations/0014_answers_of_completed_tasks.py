import hashlib
import json

from django.db import migrations
from django.db.models import Exists, OuterRef

_AT_ONCE = 500
_LISTS = ("objects", "classifications", "relations")


def keep_answers(apps, schema_editor):
    """What a task that somebody completed shows is its answer, as it is for those that are completed from now on.

    Before, it went on showing pre-labels, and an undo would change them.
    """
    model = apps.get_model("pluginhost", "Task")
    given = apps.get_model("pluginhost", "PreLabel").objects.filter(asset=OuterRef("asset"))
    tasks = model.objects.filter(Exists(given), status="Completed", answer__isnull=True).order_by("pk")
    last = 0
    while some := list(tasks.filter(pk__gt=last)[:_AT_ONCE]):
        shown = _shown(apps, [task.asset_id for task in some])
        for task in some:
            task.answer = _answer(task.uid, shown.get(task.asset_id, []))
        model.objects.bulk_update(some, ["answer"])
        last = some[-1].pk


def _shown(apps, assets):
    rows = apps.get_model("pluginhost", "PreLabel").objects.filter(
        asset__in=assets, origin__state="applied", is_unchanged=False
    )
    found = {}
    for row in rows.select_related("origin").order_by("origin__applied_seq"):
        found[row.asset_id] = _after(found.get(row.asset_id, []), row)
    return found


def _after(shown, new):
    """As `prelabels` had it at that time."""
    own = [row for row in shown if _session(new) is not None and _session(row) == _session(new)]
    if own:
        shown = [row for row in shown if row not in own]
    elif new.origin.existing == "skip" and shown:
        return shown
    if new.origin.existing == "replace":
        shown = [row for row in shown if _giver(row) != _giver(new)]
    return [*shown, new]


def _session(row):
    return row.origin.session_id or row.origin.deleted_session


def _giver(row):
    return ("plugin", row.origin.plugin_id) if row.origin.plugin_id else ("user", row.origin.user_id)


def _answer(uid, rows):
    whole = {name: [] for name in _LISTS}
    for row in rows:
        for name, value in json.loads(row.content).items():
            if name in _LISTS:
                whole[name].extend(value)
            else:
                whole[name] = value
    objects = whole.pop("objects")
    return {**whole, "tools": [_tool(uid, place, item) for place, item in enumerate(objects)]}


def _tool(uid, place, item):
    text = f"{uid} {place} {json.dumps(item)}"
    made = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:24]
    beside = {"classifications": [], "lock": False, "metadata": {"createdBy": "import"}}
    return {"objectId": made, **beside, **item}


class Migration(migrations.Migration):
    dependencies = [
        ("pluginhost", "0013_discarded_results"),
    ]

    operations = [
        migrations.RunPython(keep_answers, migrations.RunPython.noop, elidable=True),
    ]
