"""Whatever is sent to `/v2`, the answer is JSON with a true status: never a server's error."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import makers
from .v2 import by_user

words = st.sampled_from(
    ["", "\0", "\ud800", "null", "None", "-1", "1e9", "true", "[", '["x"]', "{}", '{"$in": 1}', "x" * 300, "…", "%00"]
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.sampled_from([10**400, -(2**70)]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            words
            | st.sampled_from(
                ["_id", "name", "externalId", "data", "objects", "schemaId", "bounding-box", "tools", "title"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FIELDS = {
    "project": ["name", "description", "organization"],
    "project/{}": ["categorySchema", "name", "description"],
    "project/{}/cloud": ["assets"],
    "batches/{}": ["name", "batches", "tags"],
    "assignBatches": ["assets", "batches", "tags", "projectId"],
    "import/labels": ["jsonContent", "labels"],
}
QUERIES = {
    "listProjects": ["page", "limit"],
    "project/{}/assets": ["page", "limit", "filters", "_id", "externalId", "isPreLabeled", "batches"],
    "project/{}/tasks": ["page", "limit", "filter", "status[eq]", "stage", "batches", "tag", "fields", "sort"],
    "getUploadUrl": ["name", "project", "type"],
    "getSignedUrl": ["name", "project", "type"],
}
unhurried = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("path", FIELDS)
@unhurried
@given(data=st.data())
def test_malformed_bodies(alice, project, path, data):
    body = data.draw(st.dictionaries(st.sampled_from(FIELDS[path]), junk, max_size=3))
    if path == "import/labels":
        body = {"project": project.uid, **body, "jsonContent": [body.get("jsonContent"), {**makers.box(), "data": "x"}]}
    status, answer = by_user(alice).post(path.format(project.uid), json.dumps(body))
    assert status in (200, 400, 404), answer


@pytest.mark.parametrize("path", QUERIES)
@unhurried
@given(data=st.data())
def test_malformed_queries(alice, project, path, data):
    values = words.filter(lambda text: "\ud800" not in text) | junk.map(json.dumps)
    query = data.draw(st.dictionaries(st.sampled_from(QUERIES[path]), values, max_size=4))
    status, answer = by_user(alice).get(path.format(project.uid), query)
    assert status in (200, 400, 404), answer
