"""The field that is the same in many tables: the identifier the wire knows."""

from django.db import models

from pluginhost.ids import ID_LENGTH, new_id


class UidField(models.CharField):  # type: ignore[type-arg]
    """A unique identifier of 24 hex digits, beside the narrow integer key that tables join by."""

    def __init__(self, **options: object) -> None:
        fixed = {"max_length": ID_LENGTH, "unique": True, "editable": False, "default": new_id}
        super().__init__(**{**options, **fixed})  # type: ignore[arg-type]
