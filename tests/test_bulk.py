"""Many rows at once: they arrive as they were given, however the database takes them."""

import pytest
from django.db import IntegrityError, connection, transaction

from pluginhost.actions import bulk
from pluginhost.models import Asset, Import, LogLine, PreLabel

from . import makers

ODD = ["a\tb", "a\nb", "a\r\nb", "\\", "\\N", "\\.", "None", "", " ", '{"a":"\\"\\\\n"}', "Größe 寸法", "%s"]
ROW = ("origin", "asset", "index", "content", "content_digest", "objects_count", "is_unchanged")
MANY = 600


@pytest.fixture
def many(alice, organization):
    return makers.make_project(alice, organization, assets=MANY, name="Many")


@pytest.fixture
def received(many):
    return Import.objects.create(project=many)


def pre_labels(received, text="{}", count=MANY):
    assets = Asset.objects.filter(project=received.project).order_by("number").values_list("pk", flat=True)
    return [(received.pk, asset, index, text, "0" * 32, 1, False) for index, asset in enumerate(assets[:count])]


def stored(received):
    rows = PreLabel.objects.filter(origin=received)
    names = ("origin_id", "asset_id", "index", "content", "content_digest", "objects_count", "is_unchanged")
    return list(rows.order_by("index").values_list(*names))


@pytest.mark.parametrize("count", [1, 49, 50, 600])
@pytest.mark.parametrize("odd", ODD)
def test_texts_are_stored_as_they_are(received, odd, count):
    rows = pre_labels(received, odd, count)
    bulk.insert(PreLabel, ROW, rows)
    assert stored(received) == rows


def test_nothing_is_stored_as_nothing(alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    makers.make_lines(session, 60, text="None", extra="None")
    assert set(LogLine.objects.filter(session=session).values_list("message", "extra")) == {("None", "None")}


@pytest.mark.parametrize("odd", ["{}", *ODD])
def test_rows_may_be_copied_while_their_maker_goes_on(received, odd):
    rows = pre_labels(received, odd)
    with bulk.Copying() as copying:
        if not copying.takes(rows):
            assert connection.vendor == "sqlite"
            return
        for part in (rows[:500], rows[500:]):
            copying.wait()
            copying.go()
            copying.put(PreLabel, ROW, part)
        copying.finish()
        assert stored(received) == rows
    assert not copying.takes(rows[:10])


def test_rows_that_are_not_taken_are_told_to_who_waits_for_them(received):
    rows = pre_labels(received)
    rows[3] = rows[4]
    with bulk.Copying() as copying:
        if not copying.takes(rows):
            assert connection.vendor == "sqlite"
            return
        copying.put(PreLabel, ROW, rows)
        with pytest.raises(IntegrityError):
            copying.finish()
        copying.finish()
    assert stored(received) == []


# --- what pre-labels refer to ---


def refused():
    """At once, or when the transaction ends, as databases have it."""
    return pytest.raises(IntegrityError)


@pytest.mark.parametrize("place", [0, 1])
def test_a_pre_label_of_what_is_not_there_is_refused(received, place):
    rows = pre_labels(received, count=60)
    rows[7] = tuple(10**9 if column == place else value for column, value in enumerate(rows[7]))
    with refused(), transaction.atomic():
        bulk.insert(PreLabel, ROW, rows)
        connection.check_constraints()


@pytest.mark.parametrize("model", [Asset, Import])
def test_what_has_pre_labels_does_not_go_without_them(received, model):
    bulk.insert(PreLabel, ROW, pre_labels(received, count=60))
    with refused(), transaction.atomic():
        model.objects.all()._raw_delete("default")
        connection.check_constraints()
    PreLabel.objects.all().delete()
    model.objects.all().delete()
    assert not model.objects.exists()


def test_in_postgresql_a_pre_label_stays_where_it_is(received):
    bulk.insert(PreLabel, ROW, pre_labels(received, count=2))
    if connection.vendor == "postgresql":
        other = Import.objects.create(project=received.project)
        with refused(), transaction.atomic():
            PreLabel.objects.update(origin=other)
    assert PreLabel.objects.filter(origin=received).count() == 2
