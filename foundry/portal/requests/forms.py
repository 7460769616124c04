"""What the list of requests is filtered by."""

from __future__ import annotations

from typing import Any

from django import forms

from foundry import catalog
from foundry.accounts.models import Team, User
from foundry.core.listing import Filters
from foundry.core.requests import RequestState

_DAY = forms.DateInput(attrs={"type": "date"})


class FilterForm(forms.Form):
    """Every field may be left empty."""

    label = forms.CharField(required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search"}))
    service = forms.ChoiceField(required=False)
    state = forms.ChoiceField(required=False)
    owner = forms.ChoiceField(required=False, label="Submitted by")
    tag = forms.CharField(required=False, max_length=50)
    since = forms.DateField(required=False, label="From", widget=_DAY)
    until = forms.DateField(required=False, label="To", widget=_DAY)

    def __init__(self, *, data: Any, team: Team) -> None:
        super().__init__(data, label_suffix="")
        members = User.objects.filter(membership__team=team).order_by("username").values_list("username", flat=True)
        services = catalog.services().values()
        self._offer("service", [(service.name, service.title) for service in services])
        self._offer("state", [(state.value, state.value.capitalize()) for state in RequestState])
        self._offer("owner", [(name, name) for name in members])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", "Any"), *choices]

    def filters(self) -> Filters:
        """Of the fields that are filled in well."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "state" in given:
            given["state"] = RequestState(given["state"])
        if "tag" in given:
            given["tag"] = given["tag"].lower()
        return Filters(**given)

    @property
    def has_more(self) -> bool:
        """Whether one of the fields that are folded away is in use."""
        return any(self.data.get(name) for name in ("owner", "tag", "since", "until"))
