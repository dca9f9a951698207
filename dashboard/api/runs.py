"""The fields that a run is asked with."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from .bodies import JSON_OR_TEXT, Given


class Filter(Given):
    """Assets that pass all of what is given here."""

    status: Literal["TODO", "Completed"] | None = None
    pre_labeled: bool | None = Field(default=None, description="Whether they show pre-labels.")
    external_id: str | None = Field(
        default=None, min_length=1, max_length=1000, description="A part of it, whatever its case."
    )


class Chosen(Given):
    """Which assets: exactly one of these, and `outcomes` beside `from_session`."""

    all: bool | None = None
    batches: list[str] | None = Field(default=None, description="Ids of batches of the project.")
    assets: list[str] | None = Field(default=None, description="Ids of assets of the project.")
    first: int | None = Field(default=None, description="So many from the start.")
    filter: Filter | None = None
    from_session: int | None = Field(default=None, description="What a session that has ended left of its assets.")
    outcomes: list[Literal["rejected", "no_result", "not_reached", "failed", "discarded"]] | None = Field(
        default=None,
        description="Of `from_session`; unless named, all but those that were turned down in a review (`discarded`). "
        "`failed` means `not_reached`.",
    )
    same_as: int | None = Field(default=None, description="The assets of a session.")
    rest_of: int | None = Field(default=None, description="What a session on the first ones left to go on with.")


class Scope(Chosen):
    of: Chosen | None = Field(default=None, description="Beside `first`: what the first ones are meant of.")


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
    review_first: bool = Field(
        default=False, description="What it sends is staged, and shows on no asset until somebody applies it."
    )
    name: str = Field(default="", max_length=200)
    idempotency_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=80,
        description="The same one again gives the session that it gave before.",
    )

    def as_request(self) -> dict[str, Any]:
        """The fields that were sent, as the verbs take them."""
        fields = self.model_dump(exclude_unset=True)
        if self.scope is not None:
            fields["scope"] = self.scope.model_dump(exclude_none=True)
        return {name: value for name, value in fields.items() if value is not None}
