"""Webhook endpoints are the team's; what was sent is shown, and sent again."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook

from foundry.core.models import ServiceRequest
from foundry.webhooks import endpoints
from foundry.webhooks.models import Delivery, Endpoint, Message, Secret
from foundry.webhooks.send import send_due
from tests.webhooks.conftest import compute, endpoint, make_endpoint, receiver, secret_of, start_receiver

pytestmark = pytest.mark.django_db

__all__ = ["endpoint", "make_endpoint", "receiver", "start_receiver"]

ALL = [str(state) for state in endpoints.STATES]


def url(name, *args):
    return reverse(f"portal:{name}", args=args)


@pytest.fixture
def delivery(endpoint, make_request) -> Delivery:
    make_request({"number": 1}, label="<b>plate</b>")
    compute()
    send_due()
    return Delivery.objects.get()


def test_a_secret_is_shown_once_and_signs(owners, owner, receiver, make_request):
    answer = owners.post(url("webhooks"), {"url": receiver.url, "states": ALL, "team": owner.caller.team.pk})
    made = Endpoint.objects.get()
    assert answer.headers["Location"] == url("webhook", made.pk)
    shown = owners.get(answer.headers["Location"])
    secret = shown.context["secret"]
    assert secret == secret_of(made)
    assert secret in shown.content.decode()
    for page in (url("webhooks"), url("webhook", made.pk)):
        assert secret not in owners.get(page).content.decode()
    make_request({"number": 1})
    compute()
    send_due()
    heard = receiver.heard[0]
    assert Webhook(secret).verify(heard.body, heard.headers)["type"] == "request.finished"


def test_a_form_that_was_opened_for_another_team_makes_none(owners, stranger, receiver):
    """Else that other team's endpoint would be told of this one's requests."""
    values = {"url": receiver.url, "states": ALL, "team": stranger.caller.team.pk}
    assert "You act for the team team now" in owners.post(url("webhooks"), values).content.decode()
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": ""}, "url"),
        ({"states": []}, "states"),
        ({"states": ["exploded"]}, "states"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(values, field, owners, owner, settings):
    settings.FOUNDRY_WEBHOOK_TRUSTED = []
    sent = {"url": "https://127.0.0.1/", "states": ALL, "team": owner.caller.team.pk}
    answer = owners.post(url("webhooks"), sent | values)
    assert answer.context["form"].errors[field]
    assert not Endpoint.objects.exists()


def test_a_teammate_sees_them_and_a_stranger_does_not(owners, teammates, strangers, delivery):
    for page in (url("webhook", delivery.endpoint_id), url("delivery", delivery.endpoint_id, delivery.pk)):
        assert owners.get(page).status_code == 200
        assert teammates.get(page).status_code == 200
        assert strangers.get(page).status_code == 404
    assert delivery.endpoint.url not in strangers.get(url("webhooks")).content.decode()


@pytest.mark.parametrize("name", ["webhook", "webhook-rotate", "webhook-switch", "webhook-test", "webhook-remove"])
def test_a_stranger_changes_nothing(name, strangers, endpoint):
    before = Endpoint.objects.values().get()
    answer = strangers.post(url(name, endpoint.pk), {"url": endpoint.url, "states": ["failed"]})
    assert answer.status_code == 404
    assert Endpoint.objects.values().get() == before
    assert not Delivery.objects.exists()


def test_a_stranger_sends_nothing_again(strangers, delivery, receiver):
    assert strangers.post(url("delivery-again", delivery.endpoint_id, delivery.pk)).status_code == 404
    send_due()
    assert len(receiver.heard) == 1


def test_one_delivery_is_not_found_under_another_endpoint(owners, delivery, make_endpoint):
    other = make_endpoint()
    assert owners.get(url("delivery", other.pk, delivery.pk)).status_code == 404


def test_the_log_shows_each_try_and_escapes_what_it_shows(owners, delivery, receiver):
    receiver.status, receiver.body = 500, b"<script>alert(1)</script>"
    owners.post(url("delivery-again", delivery.endpoint_id, delivery.pk))
    send_due()
    shown = owners.get(url("delivery", delivery.endpoint_id, delivery.pk)).content.decode()
    assert "Answered 500." in shown
    assert "Delivered." in shown
    assert "&lt;script&gt;" in shown
    assert "<script>alert" not in shown
    assert "<b>plate" not in shown


def test_a_test_is_sent(owners, endpoint, receiver):
    answer = owners.post(url("webhook-test", endpoint.pk), follow=True)
    assert "on its way" in answer.content.decode()
    send_due()
    assert b"endpoint.test" in receiver.heard[0].body


def test_it_is_disabled_and_enabled(owners, endpoint, receiver):
    owners.post(url("webhook-switch", endpoint.pk))
    shown = owners.get(url("webhook", endpoint.pk)).content.decode()
    assert "owner disabled it." in shown
    assert "disabled; enable it first" in owners.post(url("webhook-test", endpoint.pk), follow=True).content.decode()
    owners.post(url("webhook-switch", endpoint.pk))
    assert Endpoint.objects.get().disabled_at is None


def test_a_new_secret_is_asked_for_and_shown_once(owners, endpoint):
    old = secret_of(endpoint)
    asked = owners.get(url("webhook-rotate", endpoint.pk))
    assert "Make a new secret?" in asked.content.decode()
    assert secret_of(endpoint) == old
    answer = owners.post(url("webhook-rotate", endpoint.pk))
    assert answer.status_code == 302  # so that a reload makes no other
    shown = owners.get(answer.headers["Location"]).content.decode()
    new = secret_of(endpoint)
    assert new != old
    assert new in shown
    assert "1 still signs until" in shown
    assert new not in owners.get(url("webhook", endpoint.pk)).content.decode()


def test_a_secret_that_ended_with_the_platforms_key_is_told_of(owners, endpoint, settings):
    page = url("webhook", endpoint.pk)
    assert "Nothing can be sent" not in owners.get(page).content.decode()
    key, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 50
    settings.SECRET_KEY_FALLBACKS = [key]  # keeps the session
    assert "Nothing can be sent" not in owners.get(page).content.decode()
    Secret.objects.update(seed="of-a-lost-key:0")
    assert "Nothing can be sent" in owners.get(page).content.decode()


def test_a_secret_is_not_replaced_without_end(owners, endpoint):
    for _ in range(endpoints.MOST_SECRETS - 1):
        owners.post(url("webhook-rotate", endpoint.pk))
    answer = owners.post(url("webhook-rotate", endpoint.pk), follow=True)
    assert "5 secrets that hold, the most" in answer.content.decode()


def test_the_page_says_who_answers_for_the_address(owners, teammates, endpoint, receiver):
    assert "<dd>owner</dd>" in owners.get(url("webhook", endpoint.pk)).content.decode()
    teammates.post(url("webhook", endpoint.pk), {"url": receiver.url + "/new", "states": ALL})
    assert "<dd>teammate</dd>" in owners.get(url("webhook", endpoint.pk)).content.decode()
    assert ">teammate</td>" in owners.get(url("webhooks")).content.decode()


def test_who_enables_it_answers_for_it(owners, teammates, endpoint):
    owners.post(url("webhook-switch", endpoint.pk))
    teammates.post(url("webhook-switch", endpoint.pk))
    assert Endpoint.objects.get().vouched_by.username == "teammate"


def test_it_is_changed_and_removed(owners, delivery, receiver):
    page = url("webhook", delivery.endpoint_id)
    owners.post(page, {"url": receiver.url + "/new", "states": ["failed"]})
    kept = Endpoint.objects.get()
    assert (kept.url, kept.states) == (receiver.url + "/new", "failed")
    assert "Remove this endpoint?" in owners.get(url("webhook-remove", kept.pk)).content.decode()
    assert Endpoint.objects.exists()
    owners.post(url("webhook-remove", kept.pk))
    assert not Endpoint.objects.exists()
    assert not Delivery.objects.exists()


def test_a_long_log_comes_in_pages_with_few_queries(owners, endpoint, django_assert_max_num_queries):
    for _ in range(60):
        endpoints.send_test(endpoint=endpoint)
    page, seen = url("webhook", endpoint.pk), []
    older: int | None = 0
    while older is not None:
        with django_assert_max_num_queries(10):
            answer = owners.get(page, {"before": older} if older else {})
        seen += [one.pk for one, _ in answer.context["deliveries"]]
        older = answer.context["older"]
    assert len(seen) == len(set(seen)) == 60
    assert seen == sorted(seen, reverse=True)


def test_a_delivery_names_its_request_as_people_do(owners, delivery):
    request = ServiceRequest.objects.get()
    log, of = url("webhook", delivery.endpoint_id), url("delivery", delivery.endpoint_id, delivery.pk)
    for page in (log, of):
        assert f'<a href="/requests/{request.pk}/">&lt;b&gt;plate&lt;/b&gt;</a>' in owners.get(page).text
    Message.objects.update(request_id=uuid4())
    assert "of a request that was removed" in owners.get(log).text
    assert "It was removed." in owners.get(of).text


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, ""])
def test_a_strange_page_is_the_first(before, owners, delivery):
    assert owners.get(url("webhook", delivery.endpoint_id), {"before": before}).status_code == 200


def test_the_page_of_a_delivery_looks_again_until_it_has_arrived(owners, endpoint):
    sent = endpoints.send_test(endpoint=endpoint)
    page = url("delivery", endpoint.pk, sent.pk)
    first = owners.get(page)
    assert "hx-get" in first.content.decode()
    look = owners.get(first.context["poll"].address, headers={"HX-Request": "true"}).content.decode()
    assert look.lstrip().startswith('<div id="live"')
    assert "hx-get" in look
    send_due()
    assert "hx-get" not in owners.get(page).content.decode()


def test_nobody_waits_for_a_try_that_is_hours_away(owners, endpoint):
    sent = endpoints.send_test(endpoint=endpoint)
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=2))
    assert "hx-get" not in owners.get(url("delivery", endpoint.pk, sent.pk)).content.decode()


def test_a_members_endpoint_ends_with_their_place_in_the_team(owners, teammate, make_endpoint):
    theirs = make_endpoint(caller=teammate.caller)
    owners.post(reverse("portal:team-remove", args=[theirs.team_id, teammate.caller.user.pk]))
    shown = owners.get(url("webhook", theirs.pk)).content.decode()
    assert "Who answered for this address, teammate, is not active in the team any more." in shown
