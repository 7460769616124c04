"""A link to what belongs to another team of one's own, as in a mail: one is offered to act for that team and see it."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client

from foundry.accounts import teams
from foundry.accounts.caller import account
from foundry.accounts.models import Team, User
from foundry.core.requests import RequestState
from foundry.webhooks import endpoints

pytestmark = pytest.mark.django_db

ACT_FOR = "/account/teams/act-for/"


@pytest.fixture
def links(make_request, compute):
    """To what the team has, by name; and the same to nothing."""
    request = make_request({"number": 1})
    compute()
    user, team = account("owner", "team")
    endpoint, _ = endpoints.create(team=team, user=user, url="https://8.8.8.8/", states=[RequestState.SUCCEEDED])
    delivery = endpoints.send_test(endpoint=endpoint)
    of, nothing = f"/requests/{request.pk}/", f"/requests/{uuid4()}/"
    hook, none = f"/account/webhooks/{endpoint.pk}/", f"/account/webhooks/{endpoint.pk + 1}/"
    return {
        "request": (of, nothing),
        "item": (f"{of}results/1/?sort=-number", f"{nothing}results/1/?sort=-number"),
        "webhook": (hook, none),
        "delivery": (f"{hook}deliveries/{delivery.pk}/", f"{hook}deliveries/{delivery.pk + 1}/"),
    }


@pytest.fixture
def elsewhere(owners_browser):
    """The owner's, who acts for another team."""
    user = User.objects.get(username="owner")
    teams.act_for(team=teams.create(user=user, name="another"), user=user)
    return owners_browser


EVERY = pytest.mark.parametrize("name", ["request", "item", "webhook", "delivery"])


@EVERY
def test_who_is_in_the_team_is_led_there(name, links, elsewhere):
    link, _ = links[name]
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = elsewhere.cookies
    offer = browser.get(link)
    assert offer.status_code == 404
    assert "Act for team and show it</button>" in offer.text
    form = re.search(rf'<form method="post" action="{ACT_FOR}">(.*?)</form>', offer.text)[1]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert browser.post(ACT_FOR, sent | {"csrfmiddlewaretoken": ""}).status_code == 403
    assert teams.acting(User.objects.get(username="owner")).name == "another"
    answer = browser.post(ACT_FOR, sent, follow=True)
    assert (answer.status_code, answer.redirect_chain) == (200, [(link, 302)])
    assert "You act for team now." in answer.text
    assert teams.acting(User.objects.get(username="owner")).name == "team"


@EVERY
def test_to_others_it_is_as_if_it_was_not_there(name, links, strangers_browser, teammates_browser):
    teams.remove(team=Team.objects.get(name="team"), user=User.objects.get(username="teammate"))
    for browser in (strangers_browser, teammates_browser):
        browser.get("/account/teams/")  # which makes former members a team of their own
        theirs, nothing = (browser.get(link) for link in links[name])
        assert (theirs.status_code, nothing.status_code) == (404, 404)
        assert _without_token(theirs) == _without_token(nothing)
        assert theirs.headers == nothing.headers


def _without_token(answer) -> str:
    return re.sub(r'"X-CSRFToken": "\w+"', "", answer.text)


def test_a_form_is_not_sent_again_by_that(links, elsewhere):
    answer = elsewhere.post(f"{links['request'][0]}cancel/")
    assert answer.status_code == 404
    assert "Nothing was done." in answer.text
    assert ACT_FOR not in answer.text


def test_a_part_of_a_page_offers_nothing(links, elsewhere):
    answer = elsewhere.get(links["request"][0], headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert answer.text.startswith('<div class="note')


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1", "teams"]
)
def test_one_is_led_to_our_own_pages_only(back, owners_browser):
    team = Team.objects.get(name="team")
    answer = owners_browser.post(ACT_FOR, {"team": team.pk, "back": back})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/teams/")
