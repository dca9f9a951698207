"""The demo's finder against the truth that the drawing script wrote down."""

import json

import numpy as np
import pytest
from PIL import Image

from examples.draw_shapes import Shape
from examples.find_shapes import find_shapes

from .server import ROOT

FOLDER = ROOT / "examples" / "shapes"
TRUTH = json.loads((FOLDER / "truth.json").read_text())


def overlap(one: dict[str, float], other: dict[str, float]) -> float:
    """Intersection over union."""
    wide = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    high = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    both = max(wide, 0) * max(high, 0)
    return both / (one["width"] * one["height"] + other["width"] * other["height"] - both)


@pytest.fixture(scope="module")
def results():
    """For each image what was drawn and what was found."""
    images = {name: np.asarray(Image.open(FOLDER / name).convert("RGB")) for name in TRUTH}
    return {name: (TRUTH[name], find_shapes(image)) for name, image in images.items()}


def test_there_are_24_images_with_all_three_classes():
    assert len(TRUTH) == 24
    assert {shape["class"] for shapes in TRUTH.values() for shape in shapes} == {"Circle", "Triangle", "Square"}


def test_it_finds_as_many_shapes_as_were_drawn(results):
    assert {name: len(found) for name, (_, found) in results.items()} == {
        name: len(drawn) for name, (drawn, _) in results.items()
    }


def test_its_boxes_fit_and_its_classes_are_right(results):
    fitting = []
    for drawn, found in results.values():
        for shape in drawn:
            best = max(found, key=lambda one: overlap(one.box, shape["box"]))
            assert best.name == shape["class"]
            fitting.append(overlap(best.box, shape["box"]) > 0.9)
    assert sum(fitting) > 0.95 * len(fitting)


def test_an_empty_image_has_nothing(results):
    assert find_shapes(np.full((60, 80, 3), 128, np.uint8)) == []


def test_the_smallest_area_is_respected():
    image = np.asarray(Image.open(FOLDER / "shapes_01.jpg").convert("RGB"))
    assert find_shapes(image, min_area=10**6) == []


def test_the_written_truth_is_what_the_script_draws():
    square = Shape("Square", (100, 100), 50, 0, (0, 0, 0))
    assert square.box() == {"x": 50, "y": 50, "width": 100, "height": 100}
