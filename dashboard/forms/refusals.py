"""What an action says against a form's values, put at the form's fields."""

from __future__ import annotations

from django.forms import BaseForm

from pluginhost.errors import PluginhostError


def show(form: BaseForm, error: PluginhostError) -> None:
    """Each error at the field that its path begins with; what belongs to no field stands above the form."""
    placed = False
    for wrong in error.errors:
        name, _, rest = wrong["path"].partition(".")
        sentence = f"{rest}: {wrong['message']}" if rest else wrong["message"]
        form.add_error(name if name in form.fields else None, sentence)
        placed = True
    if not placed:
        form.add_error(None, error.sentence)
