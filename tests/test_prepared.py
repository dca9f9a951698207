"""Queries whose SQL is made once: each asking answers as the query itself would."""

from __future__ import annotations

import threading

from django.db import connection
from django.db.models import F

from pluginhost.models import Asset, Project, Session
from pluginhost.prepared import Prepared

from . import makers


def rows(project, first, last):
    fields = ("number", "external_id", "metadata", "created_at", "task__answer", "storage")
    return (
        Asset.objects.filter(project=project, number__range=(first, last), storage="", task__status="TODO")
        .order_by("-number")
        .values_list(*fields)
    )


def test_each_asking_has_values_of_its_own(alice, organization, django_assert_num_queries):
    one, other = (makers.make_project(alice, organization, assets=9, name=name) for name in "ab")
    prepared = Prepared(rows, 3)
    for project, first, last in ((one, 1, 3), (one, 5, 5), (other, 2, 9), (other, 12, 11)):
        expected = list(rows(project, first, last))
        with django_assert_num_queries(1):
            assert prepared.rows(project.pk, first, last) == expected
        assert len(expected) == len(range(first, min(last, 9) + 1))


def test_the_sql_is_made_once(alice, organization):
    project = makers.make_project(alice, organization, assets=2)
    made = []
    prepared = Prepared(lambda *values: made.append(values) or rows(*values), 3)
    assert [row[0] for row in prepared.rows(project.pk, 1, 2)] == [2, 1]
    assert [row[0] for row in prepared.rows(project.pk, 2, 2)] == [2]
    assert len(made) == 1


def test_threads_may_share_it(transactional_db):
    alice = makers.make_user("alice")
    project = makers.make_project(alice, makers.make_organization(alice), assets=3)
    prepared = Prepared(rows, 3)
    found = [len(prepared.rows(project.pk, 1, 3))]

    def ask() -> None:
        found.append(len(prepared.rows(project.pk, 1, 3)))
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(30)
    assert found == [3, 3]


def named(uid, organization):
    known = Project.objects.select_related("organization", "head").defer("head__deleted_numbers")
    return known.filter(uid=uid, organization=organization).annotate(of=F("organization__name"))[:1]


def test_objects_come_with_what_the_query_selects_of_others(alice, organization, django_assert_num_queries):
    projects = [makers.make_project(alice, organization, assets=count, name=f"p{count}") for count in (1, 2)]
    prepared = Prepared(named, 2)
    for project in projects:
        with django_assert_num_queries(1):
            (found,) = prepared.objects(project.uid, organization.pk)
            assert (found, found.organization, found.of) == (project, organization, organization.name)
            held = found.head.assets
        assert held == project.head.assets
        assert found.head.get_deferred_fields() == {"deleted_numbers"}
        assert vars(found).keys() == vars(named(project.uid, organization.pk)[0]).keys()


def test_the_first_of_no_objects_is_none(alice, organization):
    project = makers.make_project(alice, organization)
    prepared = Prepared(named, 2)
    assert prepared.first(project.uid, organization.pk) == project
    assert prepared.first(project.uid, organization.pk + 1) is None


def test_constants_stand_in_the_sql_so_that_the_database_takes_the_index_that_is_for_them(db):
    prepared = Prepared(lambda plugin: Session.objects.filter(plugin=plugin, state="queued").values_list("pk"), 1)
    prepared.rows(1)
    assert "'queued'" in prepared._here()._sql
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {prepared._here()._sql}", [1])
            assert "session_queued" in cursor.fetchall()[0][3]


def test_odd_constants_mean_what_they_say(alice, organization):
    for name in ("it's", "100%", "a\\b", "%s", "“”"):
        project = makers.make_project(alice, organization, name=name)
        prepared = Prepared(lambda pk, name=name: Project.objects.filter(name=name, pk=pk).values_list("name"), 1)
        assert prepared.rows(project.pk) == [(name,)]
