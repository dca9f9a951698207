"""A Batch Model plugin for the client `ango` 1.4.10: a box for each mapped class on every asset that it reads.

It needs `pip install "ango==1.4.10" "setuptools<81"`.
"""

import json
import random

from imerit_ango.plugins import BatchModelPlugin, run
from imerit_ango.sdk import SDK

HOST = "<YOUR HOST>"
PLUGIN_ID = "<YOUR PLUGIN ID>"
PLUGIN_SECRET = "<YOUR PLUGIN SECRET>"


def run_model(image_url, model_classes):
    """Put your model here: it gets an image's address and says what is where."""
    return [
        {
            "class": name,
            "box": {"x": random.randint(20, 300), "y": random.randint(20, 200), "width": 120, "height": 90},
        }
        for name in model_classes
    ]


def callback(data):
    """One run. What it returns is the message that people read when it has ended."""
    logger = data["logger"]
    project_id = data["projectId"]
    mapping = data["categorySchema"]
    config = json.loads(data["configJSON"])
    if not mapping:
        return "Nothing to do: no class is mapped to a labeling tool."

    schema_ids = {pair["modelClass"]: pair["schemaId"] for pair in mapping}
    sdk = SDK(api_key=data["apiKey"], host=HOST)
    assets = sdk.get_assets(project_id, page=1, limit=config.get("page_size", 10))["data"]["assets"]

    labels = []
    for number, asset in enumerate(assets, start=1):
        found = run_model(asset["data"], list(schema_ids))
        objects = [{"schemaId": schema_ids[item["class"]], "bounding-box": item["box"]} for item in found]
        labels.append({"externalId": asset["externalId"], "objects": objects})
        logger.info(f"[{number}/{len(assets)}] {asset['externalId']}: {len(objects)} objects")

    sdk.import_labels(project_id, labels)
    return f"{len(labels)} assets were labeled."


if __name__ == "__main__":
    run(BatchModelPlugin(id=PLUGIN_ID, secret=PLUGIN_SECRET, callback=callback), host=HOST)
