"""What is checked as an import: pasted, or a file."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from pluginhost.protocol.streams import Readable


class ImportCheckForm(forms.Form):
    """One of the two; the text is left as it is, so that the places that are told stand where they are told."""

    text = forms.CharField(required=False, strip=False)
    file = forms.FileField(required=False, allow_empty_file=True)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        has_text, has_file = bool((given.get("text") or "").strip()), given.get("file") is not None
        if not self.errors and not has_text and not has_file:
            raise forms.ValidationError("Paste the JSON or choose a file.")
        if has_text and has_file:
            raise forms.ValidationError("Paste the JSON or choose a file, not both.")
        return given

    @property
    def body(self) -> Readable:
        upload: UploadedFile | None = self.cleaned_data.get("file")
        return upload if upload is not None else io.BytesIO(self.cleaned_data["text"].encode())
