"""Draws the demo's images into `shapes/`, and writes down in `shapes/truth.json` what stands where.

Circles, triangles and squares of many colours, sizes and turns, on gradients, stripes and noise. The same seed
draws the same images. It needs numpy and pillow; the images are committed, so that the server needs neither.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

FOLDER = Path(__file__).parent / "shapes"
WIDTH, HEIGHT, FINER, IMAGES, SEED = 640, 480, 3, 24, 20_240_607
CORNERS = {"Circle": 0, "Triangle": 3, "Square": 4}
PAINTS = [
    (214, 69, 65), (236, 138, 38), (244, 208, 63), (39, 150, 104), (26, 122, 178), (92, 66, 170),
    (200, 72, 150), (32, 42, 68), (250, 246, 238), (0, 158, 164),
]  # fmt: skip
GROUNDS = [
    ((208, 214, 216), (150, 164, 176)), ((226, 216, 200), (176, 160, 140)), ((196, 208, 196), (134, 156, 142)),
    ((120, 130, 146), (70, 80, 98)), ((216, 204, 214), (160, 148, 168)), ((104, 116, 110), (58, 70, 66)),
]  # fmt: skip
Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """One shape; `reach` is from its middle to its furthest point."""

    name: str
    middle: Point
    reach: float
    turn: float
    paint: tuple[int, int, int]

    def outline(self) -> list[Point]:
        corners = CORNERS[self.name] or 240
        turns = [self.turn + 2 * math.pi * corner / corners for corner in range(corners)]
        return [(self.middle[0] + self.reach * math.cos(t), self.middle[1] + self.reach * math.sin(t)) for t in turns]

    def box(self) -> dict[str, float]:
        across, down = zip(*self.outline(), strict=True)
        left, top = min(across), min(down)
        sides = {"x": left, "y": top, "width": max(across) - left, "height": max(down) - top}
        return {side: round(value, 1) for side, value in sides.items()}


def background(chance: random.Random, kind: str) -> np.ndarray:
    """A picture without shapes: a gradient, and on it what `kind` says."""
    light, dark = (np.array(colour, float) for colour in chance.choice(GROUNDS))
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    turn = chance.uniform(0, 2 * math.pi)
    along = ((across / WIDTH - 0.5) * math.cos(turn) + (down / HEIGHT - 0.5) * math.sin(turn)) * 0.9 + 0.5
    if kind == "glow":
        away = np.hypot(across - chance.uniform(150, 490), down - chance.uniform(120, 360))
        along = np.clip(away / 520, 0, 1)
    picture = light + (dark - light) * np.clip(along, 0, 1)[..., None]
    if kind == "stripes":
        wave = np.sin((across * math.sin(turn) + down * math.cos(turn)) * 2 * math.pi / chance.uniform(22, 48))
        picture += (wave * chance.uniform(7, 11))[..., None]
    return picture + grain(chance.randrange(2**31), 6.0 if kind == "noise" else 0.9)


def grain(seed: int, strength: float) -> np.ndarray:
    """Soft noise, the same in all three colours."""
    noise = np.random.default_rng(seed).normal(128, 60, (HEIGHT // 3, WIDTH // 3)).clip(0, 255).astype(np.uint8)
    soft = (
        Image.fromarray(noise).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1.2))
    )
    values = np.asarray(soft, float)
    return ((values - values.mean()) / values.std() * strength)[..., None]


def place(chance: random.Random, picture: np.ndarray, wanted: int) -> list[Shape]:
    """Shapes that neither touch each other nor the border, in paints that stand out from the ground."""
    placed: list[Shape] = []
    for _ in range(600):
        reach = chance.uniform(24, 74)
        x, y = chance.uniform(reach + 6, WIDTH - reach - 6), chance.uniform(reach + 6, HEIGHT - reach - 6)
        if any(math.dist((x, y), other.middle) < reach + other.reach + 10 for other in placed):
            continue
        ground = picture[int(y), int(x)]
        paints = [paint for paint in PAINTS if np.abs(ground - paint).max() > 85]
        name = chance.choice(list(CORNERS))
        placed.append(Shape(name, (x, y), reach, chance.uniform(0, 2 * math.pi), chance.choice(paints)))
        if len(placed) == wanted:
            break
    return placed


def draw(picture: np.ndarray, shapes: list[Shape]) -> Image.Image:
    """The picture with the shapes on it, drawn finer and brought down for smooth edges."""
    ground = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
    fine = ground.resize((WIDTH * FINER, HEIGHT * FINER), Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(fine)
    for shape in shapes:
        pen.polygon([(x * FINER, y * FINER) for x, y in shape.outline()], fill=shape.paint)
    return fine.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    chance, truth = random.Random(SEED), {}
    for number in range(1, IMAGES + 1):
        picture = background(chance, ("gradient", "stripes", "noise", "glow")[number % 4])
        shapes = place(chance, picture, chance.randint(3, 8))
        name = f"shapes_{number:02}.jpg"
        draw(picture, shapes).save(FOLDER / name, quality=68, optimize=True, progressive=True)
        truth[name] = [{"class": shape.name, "box": shape.box()} for shape in shapes]
    lines = [f"  {json.dumps(name)}: {json.dumps(shapes)}" for name, shapes in truth.items()]
    (FOLDER / "truth.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
