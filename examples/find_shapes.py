"""Finds the circles, triangles and squares of an image, with numpy alone.

The background is a smooth surface fitted to the image; what stands out from it is cut into connected components;
each of these is told by how much it fills of the circle around it, which does not change when it is turned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

STEP = 8  # the background is fitted to every eighth pixel
OUTLIER = 24.0  # further from the fit than this is not background
LEAST_CONTRAST = 40.0
DEGREES = np.nonzero(np.add.outer(np.arange(5), np.arange(5)) < 5)  # of y and x, together at most the fourth
FILLED_BY = {"Triangle": 3 * math.sqrt(3) / 4 / math.pi, "Square": 2 / math.pi, "Circle": 1.0}


@dataclass(frozen=True)
class Found:
    name: str
    box: dict[str, float]


def find_shapes(image: np.ndarray, min_area: int = 250) -> list[Found]:
    """The shapes of an RGB image, from left to right."""
    contrast = smoothed(np.abs(image.astype(float) - background_of(image)).max(axis=2))
    labels = components(contrast > LEAST_CONTRAST)
    shapes = [shape_of(labels == label, contrast, min_area) for label in range(1, labels.max() + 1)]
    return sorted((shape for shape in shapes if shape), key=lambda shape: shape.box["x"])


def background_of(image: np.ndarray) -> np.ndarray:
    """A surface of the fourth degree for each colour, fitted to the image without what stands out from it."""
    rows, columns = (powers_of(np.arange(size) / size - 0.5) for size in image.shape[:2])
    coarse = (rows[::STEP, None, :, None] * columns[None, ::STEP, None, :])[..., DEGREES[0], DEGREES[1]]
    terms, values = coarse.reshape(-1, len(DEGREES[0])), image[::STEP, ::STEP].reshape(-1, 3).astype(float)
    near = np.ones(len(values), bool)
    for closeness in (4.0, 3.0, 2.0, 1.5, 1.0, 1.0):
        weights, *_ = np.linalg.lstsq(terms[near].T @ terms[near], terms[near].T @ values[near], rcond=None)
        distance = np.abs(values - terms @ weights).max(axis=1)
        near = distance < max(OUTLIER * closeness, np.quantile(distance, 0.5))
    surface = np.zeros((5, 5, 3))
    surface[DEGREES] = weights
    return np.stack([rows @ surface[..., colour] @ columns.T for colour in range(3)], axis=2)


def powers_of(values: np.ndarray) -> np.ndarray:
    """For each value 1, v, v², v³ and v⁴."""
    return values[:, None] ** np.arange(5)


def smoothed(values: np.ndarray) -> np.ndarray:
    """The mean of each pixel and its eight neighbours."""
    padded = np.pad(values, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9


def components(mask: np.ndarray) -> np.ndarray:
    """The connected parts of a mask, numbered from 1: runs of each row, joined with those that they touch above."""
    labels, parents, above = np.zeros(mask.shape, int), [0], list[tuple[int, int, int]]()
    for row, line in enumerate(mask):
        edges = np.flatnonzero(np.diff(line, prepend=False, append=False))
        here = []
        for start, end in edges.reshape(-1, 2).tolist():
            touching = [label for first, last, label in above if first < end and start < last]
            label = min((root_of(parents, other) for other in touching), default=len(parents))
            if not touching:
                parents.append(label)
            for other in touching:
                parents[root_of(parents, other)] = label
            labels[row, start:end] = label
            here.append((start, end, label))
        above = here
    roots = [root_of(parents, label) for label in range(len(parents))]
    return np.unique(roots, return_inverse=True)[1][labels]


def root_of(parents: list[int], label: int) -> int:
    while parents[label] != label:
        label = parents[label]
    return label


def shape_of(part: np.ndarray, contrast: np.ndarray, min_area: int) -> Found | None:
    """What one component is, and its box; its edge is where less than half of its own contrast is left."""
    if np.count_nonzero(part) < min_area:
        return None
    sure = part & (contrast > np.median(contrast[part]) * 0.4)
    down, across = np.nonzero(sure)
    return Found(name_of(down, across), box_of(down, across))


def name_of(down: np.ndarray, across: np.ndarray) -> str:
    """By the share that it fills of the circle around its middle."""
    reach = np.hypot(down - down.mean(), across - across.mean()).max() + 0.5
    filled = len(down) / (math.pi * reach**2)
    return min(FILLED_BY, key=lambda name: abs(FILLED_BY[name] - filled))


def box_of(down: np.ndarray, across: np.ndarray) -> dict[str, float]:
    left, top = int(across.min()), int(down.min())
    return {"x": left, "y": top, "width": int(across.max()) + 1 - left, "height": int(down.max()) + 1 - top}
