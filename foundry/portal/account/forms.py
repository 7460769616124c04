"""The forms of the account pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.utils.http import url_has_allowed_host_and_scheme

from foundry.accounts.models import Role, Scope, Team, User
from foundry.core.requests import RequestState
from foundry.webhooks import endpoints


class _NoColon:
    """Labels stand above their fields here, and need no colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class ProfileForm(_NoColon, forms.ModelForm):  # type: ignore[type-arg]  # Django knows no parameter
    """Who one is to others."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "mail_when")
        labels = {"email": "E-mail address", "mail_when": "Tell me of my requests by e-mail"}
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }


class PasswordForm(_NoColon, PasswordChangeForm):
    """Django's own; it wants the old password, too."""


class TeamForm(_NoColon, forms.Form):
    """A new team."""

    name = forms.CharField(max_length=100, help_text="Letters, digits, hyphens and underscores.")


class ActForForm(forms.Form):
    """Which of one's teams one acts for, and which page to show then."""

    team = forms.ModelChoiceField(Team.objects.none())
    back = forms.CharField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"] = forms.ModelChoiceField(Team.objects.filter(membership__user=user))

    def clean_back(self) -> str:
        """One of ours, or none."""
        back: str = self.cleaned_data["back"]
        return back if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None) else ""


class InviteForm(_NoColon, forms.Form):
    """Somebody to be invited into a team."""

    who = forms.CharField(
        label="User name or e-mail address",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.MEMBER)


_DAYS = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")]


class TokenForm(_NoColon, forms.Form):
    """A new token: with what its maker may do, at most."""

    name = forms.CharField(max_length=100, help_text="What it is for, such as “plate reader script”.")
    scopes = forms.MultipleChoiceField(label="It may", widget=forms.CheckboxSelectMultiple)
    days = forms.ChoiceField(label="It ends", choices=_DAYS, initial="90", required=False)

    def __init__(self, *args: Any, scopes: frozenset[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(scope.value, scope.label) for scope in Scope if scope in scopes]
        self.fields["scopes"] = forms.MultipleChoiceField(
            label="It may", choices=offered, initial=[Scope.READ, Scope.WRITE], widget=forms.CheckboxSelectMultiple
        )


class EndpointForm(_NoColon, forms.Form):
    """Where messages go, and of what."""

    url = forms.CharField(
        label="Address",
        max_length=500,
        help_text="Where your system takes messages, such as https://lims.example.org/foundry. It gets a POST each.",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off", "spellcheck": "false"}),
    )
    states = forms.TypedMultipleChoiceField(
        label="Tell it of requests that have",
        choices=[
            (RequestState.SUCCEEDED, "succeeded"),
            (RequestState.PARTIAL, "ended with some failed items"),
            (RequestState.FAILED, "failed"),
            (RequestState.CANCELLED, "been cancelled"),
        ],
        coerce=RequestState,
        initial=list(endpoints.STATES),
        widget=forms.CheckboxSelectMultiple,
    )
