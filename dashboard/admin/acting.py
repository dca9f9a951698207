"""Tables whose rows are made, changed and taken away: by verbs, which the form asks before it says that all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dashboard.forms import refusals
from pluginhost.errors import PluginhostError
from pluginhost.principal import Principal

from .base import Table, principal_of


class _TakenBack(Exception):
    """Ends a trial."""


@contextmanager
def trial() -> Iterator[None]:
    """Whatever is done inside is taken back at the end: so a form learns what a verb would say."""
    try:
        with transaction.atomic():
            yield
            raise _TakenBack
    except _TakenBack:
        pass


class Acting(Table):
    """What is typed is handed to `act`, and taking away to `take_away`. What they refuse stands in the form."""

    fixed: ClassVar[tuple[str, ...]] = ()  # chosen when it is made, and never again

    def act(self, principal: Principal, row: Model | None, fields: dict[str, Any]) -> Model:
        """Make a new one (`row` is None) or change `row`, by a verb."""
        raise NotImplementedError

    def take_away(self, principal: Principal, row: Any) -> None:
        raise NotImplementedError

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What is only to be looked at is not there yet when it is made."""
        return [name for name in super().get_fields(request, obj) if obj or name not in self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *(self.fixed if obj else ())]

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, asking the verb before it says that all is well."""
        form_class: Any = super().get_form(request, obj, change=change, **kwargs)
        table = self

        class Asking(form_class):  # type: ignore[misc]
            def clean(self) -> dict[str, Any]:
                super().clean()
                if not self.errors:
                    table._try_out(request, self)
                return self.cleaned_data  # type: ignore[no-any-return]

        return Asking

    def _try_out(self, request: HttpRequest, form: ModelForm[Any]) -> None:
        try:
            with trial():
                self.act(principal_of(request), self._stored(form.instance), dict(form.cleaned_data))
        except PluginhostError as error:
            refusals.show(form, error)

    def _stored(self, row: Any) -> Model | None:
        """As the database has it: the form has written into its own copy."""
        return self.model._default_manager.get(pk=row.pk) if row.pk else None

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        done = self.act(principal_of(request), self._stored(obj) if change else None, dict(form.cleaned_data))
        obj.pk = done.pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing hangs on the form itself; inlines are handed to verbs of their own."""
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.take_away(principal_of(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.take_away(principal_of(request), row)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The verb takes away this alone; what hangs on it stays, and is not collected by the million."""
        names = [str(row) for row in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        view = super().delete_view
        return self._or_say_why(request, lambda: view(request, object_id, extra_context))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The trial said yes; should the facts have changed since, the verb itself says why not."""
        view = super().changeform_view
        return self._or_say_why(request, lambda: view(request, object_id, form_url, extra_context))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Deleting several is all or nothing."""
        view = super().changelist_view
        return self._or_say_why(request, lambda: view(request, extra_context))

    def _or_say_why(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        if request.method != "POST":
            return view()
        try:
            with transaction.atomic():
                return view()
        except PluginhostError as error:
            self.message_user(request, error.sentence, messages.ERROR)
            return redirect(request.get_full_path())
