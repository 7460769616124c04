"""For which team a form submits: the one that its page shows, whatever its user chose meanwhile in another window."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from foundry.accounts import teams
from foundry.accounts.models import Team, User
from foundry.core.models import ServiceRequest

pytestmark = pytest.mark.django_db
_ADDRESS = "/services/compute-dna/submit/"
_DESIGNS = ">T7 [topology=linear]\nTAATACGACTCACTATAGGG\n"


@pytest.fixture
def opened(owners_browser: Client) -> dict[str, Any]:
    """The form as it was filled in for the owner's team, who acts for another now."""
    page = owners_browser.get(_ADDRESS)
    team = page.context["caller"].team
    assert f'name="team" value="{team.pk}"' in page.content.decode()
    owner = User.objects.get(username="owner")
    teams.act_for(team=teams.create(user=owner, name="another"), user=owner)
    return {"team": team.pk, "token": "t", "designs": _DESIGNS, "label": "Promoters", "action": "submit"}


@pytest.mark.parametrize("action", ["submit", "submit-good"])
def test_it_is_not_submitted_for_another_team_and_what_was_written_stays(
    action: str, opened: dict[str, Any], owners_browser: Client
):
    answer = owners_browser.post(_ADDRESS, opened | {"action": action})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert not ServiceRequest.objects.exists()
    assert "You act for the team another now" in page
    assert "TAATACGACTCACTATAGGG" in page
    assert 'value="Promoters"' in page
    assert "Submit 1 item" in page


def test_sent_again_it_is_for_the_team_that_was_told(opened: dict[str, Any], owners_browser: Client):
    another = Team.objects.get(name="another")
    page = owners_browser.post(_ADDRESS, opened, headers={"HX-Request": "true"}).content.decode()
    assert f'name="team" value="{another.pk}" id="team" hx-swap-oob' in page
    assert owners_browser.post(_ADDRESS, opened | {"team": another.pk}).status_code == 302
    assert ServiceRequest.objects.get().team == another


def test_a_preview_says_for_which_team_it_would_be(opened: dict[str, Any], owners_browser: Client):
    page = owners_browser.post(_ADDRESS, opened | {"action": "preview"}, headers={"HX-Request": "true"})
    assert "It will belong to the team <b>another</b>" in page.content.decode()
