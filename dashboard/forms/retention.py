"""How long and how much an organization keeps."""

from __future__ import annotations

from django import forms

from pluginhost.actions.retention import MOST

LABELS = {
    "session_days": ("Days", "Ended sessions older than this go, with their logs. What they imported stays."),
    "session_count": ("Sessions", "Only the newest so many are kept."),
    "log_days": ("Days", "The log of a session that ended longer ago goes; the session stays in the run history."),
    "log_megabytes": ("Megabytes", "Of all logs together; the oldest go first."),
    "file_days": ("Days", "Uploads that no asset shows, and exports."),
    "file_megabytes": ("Megabytes", "Of such files together; the oldest go first."),
}


class RetentionForm(forms.Form):
    """Each field may be left empty: then it is kept for ever."""

    is_meant = forms.BooleanField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, (label, help_text) in LABELS.items():
            self.fields[name] = forms.IntegerField(
                label=label,
                help_text=help_text,
                required=False,
                min_value=1,
                max_value=MOST[name],
                widget=forms.NumberInput(attrs={"placeholder": "for ever", "inputmode": "numeric"}),
            )

    @property
    def asked(self) -> dict[str, int | None]:
        return {name: self.cleaned_data.get(name) for name in LABELS}
