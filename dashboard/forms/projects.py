"""What people type about a project."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from pluginhost.models import Organization, Project


class ProjectForm(forms.Form):
    """A name and a description."""

    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class NewProjectForm(ProjectForm):
    """Asks for the organization only of those who can choose between several."""

    organization = forms.ModelChoiceField(Organization.objects.none(), to_field_name="uid", empty_label=None)

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._organizations = list(organizations)
        if len(self._organizations) > 1:
            self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        else:
            del self.fields["organization"]

    @property
    def chosen_organization(self) -> Organization:
        chosen: Organization = self.cleaned_data.get("organization") or self._organizations[0]
        return chosen


class DeleteProjectForm(forms.Form):
    """Typing the name is what makes it meant."""

    typed_name = forms.CharField(label="Type the project's name to delete it", required=False)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._project = project

    def clean_typed_name(self) -> str:
        typed: str = self.cleaned_data["typed_name"]
        if typed.strip() != self._project.name:
            raise forms.ValidationError(f"This is not the project's name. Type «{self._project.name}».")
        return typed
