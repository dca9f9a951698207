"""A project's stages and its benchmark settings, as clients give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count

from pluginhost import nudge
from pluginhost.actions import audit, projects
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Project, Task
from pluginhost.principal import Principal
from pluginhost.protocol import stages

BENCHMARK = ("benchmarkEnabled", "benchmarkRatio", "benchmarkCutoff")


@transaction.atomic
def change(principal: Principal, project: Project, given: Mapping[str, Any]) -> Project:
    """All that a client may change of a project, at once or not at all."""
    if "categorySchema" in given:
        project = projects.set_category_schema(principal, project, given["categorySchema"])
    if "stages" in given:
        project = set_stages(principal, project, given["stages"])
    benchmark = {name: given[name] for name in BENCHMARK if given.get(name) is not None}
    if benchmark:
        project = set_benchmark(principal, project, benchmark)
    named = {name: given[name] for name in ("name", "description") if given.get(name) is not None}
    return projects.edit(principal, project, named) if named else project


@transaction.atomic
def set_stages(principal: Principal, project: Project, given: object) -> Project:
    """Replace the stages. One that holds tasks stays; Start, Label and Complete are always there."""
    checked = stages.checked(given)
    project = _locked(project)
    held = _held(project)
    for uid in held.keys() - stages.known(checked).keys():
        name, count = stages.known(project.stages).get(uid, uid), held[uid]
        tasks = "1 task is" if count == 1 else f"{count:,} tasks are"
        raise Conflict(f"{tasks} in the stage {name} ({uid}). Requeue them to another stage, then take it away.")
    Project.objects.filter(pk=project.pk).update(stages=checked)
    audit.note(principal, "project.stages_set", organization=project.organization, target=project)
    nudge.project(project.pk)
    project.refresh_from_db()
    return project


@transaction.atomic
def set_benchmark(principal: Principal, project: Project, given: Mapping[str, Any]) -> Project:
    """Change those of the benchmark settings that are given."""
    for name in ("benchmarkEnabled", "benchmarkCutoff"):
        if not isinstance(given.get(name, False), bool):
            raise _bad(name, "This must be true or false.")
    ratio = given.get("benchmarkRatio", 0)
    if not isinstance(ratio, int) or isinstance(ratio, bool) or not 0 <= ratio <= 100:
        raise _bad("benchmarkRatio", "This must be a whole number of percent, from 0 to 100.")
    project = _locked(project)
    Project.objects.filter(pk=project.pk).update(benchmark={**project.benchmark, **given})
    audit.note(
        principal, "project.benchmark_set", organization=project.organization, target=project, details=dict(given)
    )
    nudge.project(project.pk)
    project.refresh_from_db()
    return project


def _locked(project: Project) -> Project:
    """As it is now; who changes it at once waits."""
    return Project.objects.select_for_update(of=("self",)).select_related("organization", "head").get(pk=project.pk)


def _held(project: Project) -> dict[str, int]:
    """How many tasks are in each of the stages that not every project has."""
    always = (stages.START, stages.LABEL, stages.COMPLETE)
    tasks = Task.objects.filter(project=project).exclude(stage__in=always).order_by()
    return dict(tasks.values_list("stage").annotate(count=Count("id")))


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
