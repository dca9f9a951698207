"""Who builds an export, what becomes of one whose builder died, and that nobody waits for ever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pluginhost.actions import exports, files
from pluginhost.errors import TooMany
from pluginhost.export_choice import Choice
from pluginhost.export_reading import PIECE_BYTES, Pace
from pluginhost.models import Export, StoredFile
from pluginhost.tasks import build_exports

from . import makers
from .test_exports import NEWER, payload
from .v2 import by_session, by_user


@pytest.fixture
def asked(alice, project):
    return ask(alice, project)


def ask(user, project, **chosen):
    choice = Choice(base="http://testserver", **chosen)
    return exports.ask(makers.principal(user), project, "tasks", choice, is_lines=True)


def again(export):
    return Export.objects.get(pk=export.pk)


def test_it_works(asked):
    assert asked.state == "queued"
    exports.build(asked.pk)
    built = again(asked)
    assert (built.state, built.items, built.attempts) == ("ready", 5, 1)
    assert built.finished_at is not None
    assert built.file.size == files.path_of(built.file).stat().st_size


def test_the_task_builds_all_that_wait_in_their_order(alice, project):
    first, second = ask(alice, project), ask(alice, project, has_history=False)
    build_exports()
    assert {again(first).state, again(second).state} == {"ready"}
    assert again(first).file_id < again(second).file_id


def test_the_same_again_is_the_one_that_waits_already(alice, bob, project):
    first = ask(alice, project, stages=["Label"])
    assert ask(alice, project, stages=["Label"]) == first
    assert ask(alice, project) != first
    assert ask(bob, project, stages=["Label"]) != first
    exports.build(first.pk)
    assert ask(alice, project, stages=["Label"]) != first


def test_so_many_may_one_have_under_way_and_no_more(alice, bob, project, plugin):
    made = [ask(alice, project, batches=[str(number)]) for number in range(exports.MOST_UNDER_WAY)]
    Export.objects.filter(pk=made[0].pk).update(state="building")
    with pytest.raises(TooMany, match="8 exports under way"):
        ask(alice, project)
    status, answer = by_user(alice).get("export", {"project": project.uid, **NEWER})
    assert (status, answer["status"]) == (429, "fail")
    assert ask(alice, project, batches=["1"]) == made[1]
    assert ask(bob, project).pk
    assert by_session(alice, project, plugin)[0].get("export", {"project": project.uid, **NEWER})[0] == 200
    exports.build(made[1].pk)
    assert ask(alice, project).pk


def test_one_is_built_once(asked):
    exports.build(asked.pk)
    exports.build(asked.pk)
    assert again(asked).attempts == 1
    assert StoredFile.objects.count() == 1


def test_so_many_are_built_at_a_time_and_no_more(alice, project, settings):
    settings.PLUGINHOST_EXPORT_BUILDERS = 1
    busy, waiting = ask(alice, project), ask(alice, project, has_history=False)
    Export.objects.filter(pk=busy.pk).update(state="building", building_at=timezone.now(), attempts=1)
    assert not exports.build_next()
    assert again(waiting).state == "queued"


def silence(export, attempts):
    """Its builder was last heard of before its lease."""
    long_ago = timezone.now() - exports.LEASE - timedelta(seconds=1)
    Export.objects.filter(pk=export.pk).update(state="building", building_at=long_ago, attempts=attempts)


def test_one_whose_builder_died_is_taken_over(asked):
    silence(asked, attempts=1)
    build_exports()
    assert (again(asked).state, again(asked).attempts) == ("ready", 2)


def test_one_whose_every_builder_died_has_failed_and_says_so(asked):
    silence(asked, attempts=exports.MOST_ATTEMPTS)
    build_exports()
    assert again(asked).state == "failed"
    assert "3 times" in again(asked).error


def test_a_builder_that_was_thought_dead_leaves_no_trace(asked, monkeypatch):
    written = exports._Taken.write

    def slowly(taken, draft):
        count = written(taken, draft)
        Export.objects.filter(pk=asked.pk).update(attempts=2)  # another one took it meanwhile
        return count

    monkeypatch.setattr(exports._Taken, "write", slowly)
    exports.build(asked.pk)
    assert again(asked).state == "building"
    assert not StoredFile.objects.exists()
    assert not list(files.draft().parent.iterdir())


def test_one_that_cannot_be_written_has_failed_and_says_why(asked, settings, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    settings.PLUGINHOST_FILES_DIR = tmp_path / "file" / "files"
    exports.build(asked.pk)
    assert again(asked).state == "failed"
    assert "data directory" in again(asked).error


def test_a_defect_of_ours_ends_it_too(asked):
    Export.objects.filter(pk=asked.pk).update(filters={"no": "choice"})
    exports.build(asked.pk)
    assert again(asked).state == "failed"
    assert "written down" in again(asked).error


def test_a_failed_export_is_told_to_whoever_waits(alice, project, settings, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    settings.PLUGINHOST_FILES_DIR = tmp_path / "file" / "files"
    status, answer = by_user(alice).get("export", {"project": project.uid, **NEWER})
    assert (status, answer["status"]) == (500, "fail")
    assert "data directory" in answer["message"]


def test_a_large_one_is_left_to_builders_and_waited_for_with_an_end(alice, project, settings):
    settings.PLUGINHOST_EXPORT_BACKGROUND_ITEMS = 4
    settings.PLUGINHOST_EXPORT_WAIT_SECONDS = 0
    status, answer = by_user(alice).get("export", {"project": project.uid, **NEWER})
    assert (status, answer["status"]) == (504, "fail")
    assert "built further" in answer["message"]
    build_exports()
    assert Export.objects.get().state == "ready"


def test_a_session_with_a_small_scope_in_a_large_project_is_not_left_to_builders(alice, project, plugin, settings):
    settings.PLUGINHOST_EXPORT_BACKGROUND_ITEMS = 2
    session = makers.make_session(alice, project, plugin, scope={"first": 2})
    export = ask(alice, project)
    assert exports.is_large(export)
    export.session = session
    assert not exports.is_large(export)


def test_old_drafts_are_taken_away_and_fresh_ones_are_not(db, monkeypatch):
    draft = files.draft()
    draft.write_bytes(b"x")
    exports.sweep()
    assert draft.exists()
    monkeypatch.setattr(exports, "DRAFT_SECONDS", -1.0)
    exports.sweep()
    assert not draft.exists()


def test_large_items_are_read_a_few_at_a_time():
    pace = Pace()
    pace.note(50, 50 * 100)
    assert pace.items == 100
    pace.note(100, 100 * PIECE_BYTES)
    assert pace.items == 1
    for _ in range(20):
        pace.note(pace.items, pace.items * 100)
    assert pace.items == 1_000


def test_more_tasks_take_no_more_queries(alice, project, django_assert_max_num_queries):
    query = {"project": project.uid, **NEWER}
    v2 = by_user(alice)
    v2.data("export", query)
    with django_assert_max_num_queries(60) as counted:
        v2.data("export", query)
    few = len(counted)
    makers.make_assets(project, 40)
    with django_assert_max_num_queries(few + 2):  # on a slow machine it says that it is still built
        assert payload(v2.data("export", query)["exportPath"]).count(b"taskId") == 45
