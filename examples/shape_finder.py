"""Shape finder: a plugin that looks at a project's images and puts a box around every circle, triangle and square.

It runs with every generation of the public `ango` client. Where it connects to stands in the environment:
PLUGINHOST_URL, PLUGINHOST_ID and PLUGINHOST_SECRET. `make shape-finder` connects it to the demo.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import requests
from find_shapes import Found, find_shapes
from PIL import Image

try:  # the client from 1.3 on
    from imerit_ango.plugins import BatchModelPlugin, run
    from imerit_ango.sdk import SDK
except ImportError:  # the client up to 1.1.6
    from ango.plugins import BatchModelPlugin, run
    from ango.sdk import SDK

HOST = os.environ.get("PLUGINHOST_URL", "http://127.0.0.1:8000")
PAGE = 100
DEFAULTS = {"min_area": 250, "batch_size": 8}


def callback(data: dict[str, Any] | None = None, **named: Any) -> str:
    """One run. The client hands over a dict from 1.3 on, and named arguments before."""
    order = data if data is not None else named
    logger, config = order["logger"], {**DEFAULTS, **json.loads(order.get("configJSON") or "{}")}
    schema_ids = {pair["modelClass"]: pair["schemaId"] for pair in order.get("categorySchema") or []}
    if not schema_ids:
        logger.warning("No class is mapped to a labeling tool, so there is nothing to look for.")
        return "Nothing to do: **no class is mapped** to a labeling tool."
    logger.info(f"Looking for {', '.join(schema_ids)}; the smallest counts {config['min_area']} pixels.")
    sdk = SDK(order["apiKey"], host=HOST)
    return label_assets(sdk, order["projectId"], schema_ids, config, logger)


def label_assets(sdk: SDK, project: str, schema_ids: dict[str, str], config: dict[str, Any], logger: Any) -> str:
    """Look at every asset, send the results in batches, and say what was found."""
    began, counts, unread, waiting = time.monotonic(), Counter[str](), list[str](), list[dict[str, Any]]()
    done = 0
    for done, (asset, total) in enumerate(assets_of(sdk, project), start=1):
        name = asset["externalId"]
        try:
            found = find_shapes(image_of(asset), config["min_area"])
        except (OSError, ValueError) as error:
            unread.append(name)
            logger.error(f"[{done}/{total}] {name}: cannot be read as an image: {error}")
            continue
        wanted = [shape for shape in found if shape.name in schema_ids]
        counts.update(shape.name for shape in wanted)
        waiting.append({"externalId": name, "objects": [labelled(shape, schema_ids) for shape in wanted]})
        logger.info(f"[{done}/{total}] {name}: {said(Counter(shape.name for shape in wanted))}")
        if len(waiting) >= config["batch_size"]:
            send(sdk, project, waiting, logger)
    send(sdk, project, waiting, logger)
    return summary(done, counts, unread, time.monotonic() - began)


def assets_of(sdk: SDK, project: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Every asset that this run may see, page by page, each with how many there are."""
    page, seen, total = 1, 0, 1
    while seen < total:
        answer = sdk.get_assets(project, page=page, limit=PAGE)["data"]
        assets, total, page = answer["assets"], answer["total"], page + 1
        if not assets:
            return
        seen += len(assets)
        yield from ((asset, total) for asset in assets)


def image_of(asset: dict[str, Any]) -> np.ndarray:
    answer = requests.get(asset["data"], timeout=30)
    answer.raise_for_status()
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGB"))


def labelled(shape: Found, schema_ids: dict[str, str]) -> dict[str, Any]:
    return {"schemaId": schema_ids[shape.name], "bounding-box": shape.box}


def send(sdk: SDK, project: str, waiting: list[dict[str, Any]], logger: Any) -> None:
    """Import what waits, and empty it."""
    if not waiting:
        return
    answer = sdk.import_labels(project, list(waiting))
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise RuntimeError(f"The import of {len(waiting)} assets was refused: {answer}")
    logger.debug(f"Sent {len(waiting)} assets: {answer['data']['project']}")
    waiting.clear()


def said(counts: Counter[str]) -> str:
    """«2 circles, 1 square»."""
    return (
        ", ".join(f"{count} {name.lower()}{'s' * (count != 1)}" for name, count in sorted(counts.items())) or "nothing"
    )


def summary(done: int, counts: Counter[str], unread: list[str], seconds: float) -> str:
    """The message that people read when the run has ended, as Markdown."""
    rows = "".join(f"| {name} | {count} |\n" for name, count in sorted(counts.items()))
    text = f"Found **{sum(counts.values())} shapes** on {done} assets in {seconds:.1f} s.\n\n"
    table = f"| Class | Boxes |\n|---|---:|\n{rows}" if rows else ""
    lost = f"\n{len(unread)} could not be read as an image: {', '.join(unread[:5])}" if unread else ""
    return text + table + lost


if __name__ == "__main__":
    plugin = BatchModelPlugin(os.environ["PLUGINHOST_ID"], os.environ["PLUGINHOST_SECRET"], callback)
    run(plugin, host=HOST)
