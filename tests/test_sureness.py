"""Classes and confidences as a review's summary reads them: the quick way says what the slow one does."""

import json

import pytest

from dashboard.sureness import _slowly, sureness_of

CAR = "c" * 24


@pytest.mark.parametrize(
    "objects",
    [
        [],
        [{"schemaId": CAR, "confidence": 0.58, "bounding-box": {"x": 1}}],
        [{"schemaId": CAR, "score": 1}, {"schemaId": CAR, "confidence": 0}],
        [{"schemaId": CAR, "confidence": 1.5, "score": 0.25}],
        [{"schemaId": CAR, "confidence": None}, {"schemaId": CAR, "score": -1}],
        [{"title": "Car"}],
        [{"schemaId": CAR, "confidence": "high"}],
        [{"schemaId": CAR, "confidence": True, "score": 0.5}],
        [{"schemaId": 7, "score": 0.5}],
        ["nothing", {"schemaId": CAR}],
    ],
)
def test_quickly_as_slowly(objects):
    answers = [{"schemaId": "a" * 24, "answer": "wet", "confidence": 0.5}]
    content = {"objects": objects, "classifications": answers, "relations": []}
    objects_of_it, answers_of_it = sureness_of(json.dumps(content))
    slowly = _slowly(content)
    assert (list(objects_of_it), list(answers_of_it)) == (list(slowly[0]), list(slowly[1]))


def test_a_confidence_is_read_by_both_names():
    content = {"objects": [{"schemaId": CAR, "confidence": 0.9}, {"schemaId": CAR, "score": 0.25}]}
    assert sureness_of(json.dumps(content)) == ([(CAR, 0.9), (CAR, 0.25)], [])


def test_what_is_null_is_nothing():
    assert sureness_of('{"objects": null, "classifications": null}') == ([], [])
