"""The numbers of what a query finds, added up by the database."""

from __future__ import annotations

import pytest

from pluginhost.asset_numbers import numbers_of
from pluginhost.models import Asset, BatchAsset

from . import makers


@pytest.mark.parametrize("chosen", [[], [1], [55, 56, 57], [1, 112, 150], list(range(1, 151))])
def test_they_are_the_numbers_of_the_rows(project, chosen):
    makers.make_assets(project, 145)
    assert list(numbers_of(Asset.objects.filter(project=project, number__in=chosen))) == chosen


def test_a_number_that_comes_twice_is_in_it_once(project):
    makers.make_batch(project, "night", [1, 2])
    makers.make_batch(project, "dusk", [2, 3])
    assert list(numbers_of(BatchAsset.objects.filter(batch__project=project), "asset__number")) == [1, 2, 3]


def test_nothing_is_read_row_by_row(project, django_assert_num_queries):
    makers.make_assets(project, 200)
    with django_assert_num_queries(1) as asked:
        assert len(numbers_of(Asset.objects.filter(project=project))) == 205
    assert "GROUP BY" in asked.captured_queries[0]["sql"]
