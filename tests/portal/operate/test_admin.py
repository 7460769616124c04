"""Django's admin: for the staff, read-only but for accounts."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from foundry.accounts import invitations
from foundry.accounts.caller import account
from foundry.accounts.models import Role, User
from foundry.core import releases
from foundry.core.models import Job
from foundry.core.requests import RequestState
from foundry.portal.admin import site
from foundry.webhooks import endpoints
from foundry.webhooks.models import DeliveryAttempt, Endpoint, Mail

pytestmark = pytest.mark.django_db

ADMIN = "/admin/"
MODELS = [model._meta for model in site._registry]
HIDDEN = "not-for-operators"
READ_ONLY = [one for one in MODELS if one.model_name not in ("user", "team")]


@pytest.fixture
def records(make_request, compute):
    """One of each kind, one attempt with a traceback; a message that did not arrive."""
    request = make_request({"do": "raise"}, options={"factor": 77})
    compute()
    releases.record(service="toy", name="toy-function:1", by="ci")
    user, team = request.owner, request.team
    guest, _ = account("guest", "guests")
    invitations.invite(team=team, who=guest.username, role=Role.MEMBER, by=user)
    Mail.objects.create(key="k", user=user, to=f"{HIDDEN}@example.org", subject=HIDDEN, text=HIDDEN, error="no route")
    endpoint, _ = endpoints.create(team=team, user=user, url="https://8.8.8.8/", states=[RequestState.SUCCEEDED])
    sent = endpoints.send_test(endpoint=endpoint)
    DeliveryAttempt.objects.create(
        delivery=sent, number=1, at=timezone.now(), took_ms=5, status=404, error="It answered 404.", answer=HIDDEN
    )


@pytest.fixture
def superusers_browser(operators_browser):
    User.objects.filter(username="operator").update(is_superuser=True)
    return operators_browser


def pages(meta):
    first = meta.model.objects.order_by("pk").first()
    yield f"{ADMIN}{meta.app_label}/{meta.model_name}/"
    yield f"{ADMIN}{meta.app_label}/{meta.model_name}/{first.pk}/change/"


@pytest.mark.parametrize("meta", READ_ONLY, ids=str)
def test_operators_see_it_and_nobody_can_change_it(meta, superusers_browser, records):
    every, one = pages(meta)
    for address in (every, one):
        answer = superusers_browser.get(address)
        assert answer.status_code == 200, address
        for hidden in ('name="_save"', 'name="action"', "Traceback", "&quot;factor&quot;", HIDDEN):
            assert hidden not in answer.text
    assert superusers_browser.post(one, {"state": "succeeded"}).status_code == 403
    assert superusers_browser.post(one.replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
    assert superusers_browser.get(f"{every}add/").status_code == 403


def test_operators_see_why_an_endpoint_is_silent_and_a_mail_did_not_go(operators_browser, records):
    endpoint, sent = Endpoint.objects.get(), DeliveryAttempt.objects.get().delivery
    assert endpoint.url in operators_browser.get(f"{ADMIN}webhooks/endpoint/").text
    assert sent.message_id in operators_browser.get(f"{ADMIN}webhooks/delivery/").text
    assert "It answered 404." in operators_browser.get(f"{ADMIN}webhooks/delivery/{sent.pk}/change/").text
    assert "no route" in operators_browser.get(f"{ADMIN}webhooks/mail/").text


@pytest.mark.parametrize("path", ["", "core/job/", "accounts/user/", "login/"])
def test_others_have_no_access(path, owners_browser, strangers_browser, records):
    for browser in (owners_browser, strangers_browser):
        assert browser.get(ADMIN + path, follow=True).status_code == 404
    assert Client().get(ADMIN + path, follow=True).redirect_chain[-1][0].startswith("/account/sign-in/")


def test_only_superusers_change_accounts(operators_browser, records):
    user = User.objects.get(username="operator")
    address = f"{ADMIN}accounts/user/{user.pk}/change/"
    assert operators_browser.get(address).status_code == 403
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    assert operators_browser.get(address).status_code == 200


def test_nothing_of_a_page_is_inline_script_or_style(operators_browser, records):
    for address in (ADMIN, f"{ADMIN}core/job/", f"{ADMIN}core/job/{Job.objects.get().pk}/change/"):
        answer = operators_browser.get(address)
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style|\son\w+=", answer.text)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
