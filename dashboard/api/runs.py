"""The fields that a run is asked with."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from pluginhost.errors import Invalid

from .bodies import JSON_OR_TEXT, Given


class Scope(Given):
    """Which assets: exactly one of these."""

    all: bool | None = None
    batches: list[str] | None = Field(default=None, description="Ids of batches of the project.")
    assets: list[str] | None = Field(default=None, description="Ids of assets of the project.")
    first: int | None = Field(default=None, description="So many from the start.")
    from_session: SkipJsonSchema[int | None] = None
    outcomes: SkipJsonSchema[list[Literal["rejected", "no_result", "not_reached", "failed"]] | None] = None


class Run(Given):
    """What is left out is taken from the plugin's settings in the project; a rerun takes it from the session."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"config": {"threshold": 0.5}, "scope": {"first": 10}, "name": "A first try"}}
    )

    class_mapping: dict[str, str | None] | None = Field(default=None, description="Model class → schemaId, or null.")
    config: Any = Field(default=None, description="An object, or its JSON text.", json_schema_extra=JSON_OR_TEXT)
    scope: Scope | None = Field(
        default=None, description='The whole project, `{"all": true}`, unless it says otherwise.'
    )
    existing: Literal["replace", "skip", "add"] = "replace"
    review_first: SkipJsonSchema[bool] = False
    name: str = Field(default="", max_length=200)
    idempotency_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=80,
        description="The same one again gives the session that it gave before.",
    )

    def as_request(self) -> dict[str, Any]:
        """The fields that were sent, as the verbs take them; what no verb can do yet is refused."""
        if self.review_first:
            raise _not_possible("review_first", "Results are imported as they come; a review before is not possible.")
        if self.scope and (self.scope.from_session is not None or self.scope.outcomes is not None):
            raise _not_possible(
                "scope.from_session", "A scope is all, batches, assets or first; choose the assets by their ids."
            )
        fields = self.model_dump(exclude_unset=True)
        if self.scope is not None:
            fields["scope"] = self.scope.model_dump(exclude_none=True)
        return {name: value for name, value in fields.items() if value is not None}


def _not_possible(path: str, sentence: str) -> Invalid:
    return Invalid(f"{path}: {sentence}", [{"path": path, "message": sentence}])
