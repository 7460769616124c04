"""Who may go where: every address there is, looked at and sent a form to, by the owner of what it shows, a teammate, an
operator of another team, a stranger, the stranger's page that asks for a part of it, somebody who was in the team, and
nobody who is signed in. An address without its place in ACCESS fails here.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver

from foundry.accounts import invitations, teams, tokens
from foundry.accounts.caller import Caller, account
from foundry.accounts.models import Invitation, Membership, Role, Scope, Team, Token, User
from foundry.core import releases
from foundry.core.drafts import Draft
from foundry.core.models import Attempt, Job, Release, ReleaseChange, ServiceRequest
from foundry.core.requests import RequestState
from foundry.core.submit import Submission, submit
from foundry.dispatch.inline import InlineDispatcher
from foundry.webhooks import endpoints
from foundry.webhooks.models import Delivery, Endpoint, Mail

#: What the owner's things are called, so that they are recognised where they do not belong.
LABEL, TOKEN, RECEIVER = "label-of-the-owner", "token-of-the-owner", "https://8.8.8.8/of-the-owner"
RELEASE = "toy-function:1"


class Answer(enum.Enum):
    """What somebody is answered."""

    IN = "let in"
    #: 404, as if there were nothing.
    NOT_THERE = "not there"
    #: 403: operators know that it is there.
    REFUSED = "refused"
    SIGN_IN = "sent to sign in"
    #: 401, as programs are.
    NO_TOKEN = "no token"
    #: 405: one does not look there, or there is no form.
    NO_VERB = "not to be had so"


IN, NOT_THERE, REFUSED, SIGN_IN, NO_TOKEN, NO_VERB = Answer
#: With the place of their answer in Access: who asks for a part of a page or was in the team once is a stranger too.
WHO = {"nobody": 0, "stranger": 1, "stranger's part": 1, "former": 1, "operator": 2, "teammate": 3, "owner": 4}
#: Of them those who must not even read a name.
OUTSIDE = ("nobody", "stranger", "stranger's part", "former")


class Access(enum.Enum):
    """Who may: the answers to nobody, strangers, operators, teammates and the owner."""

    EVERYBODY = (IN, IN, IN, IN, IN)
    SIGNED_IN = (SIGN_IN, IN, IN, IN, IN)
    #: The team that it belongs to.
    TEAM = (SIGN_IN, NOT_THERE, NOT_THERE, IN, IN)
    #: That team's admins, of whom the owner is one.
    ADMINS = (SIGN_IN, NOT_THERE, NOT_THERE, NOT_THERE, IN)
    OPERATORS = (SIGN_IN, NOT_THERE, IN, NOT_THERE, NOT_THERE)
    #: Operators too only look.
    SUPERUSERS = (SIGN_IN, NOT_THERE, REFUSED, NOT_THERE, NOT_THERE)
    NOBODY = (SIGN_IN, NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE)
    NOWHERE = (NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE)
    #: Whoever was there has to sign in again.
    OUT = (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN)
    #: Whom the admin does not know is sent to its first page.
    OPERATORS_OUT = (IN, IN, SIGN_IN, IN, IN)
    ELSEWHERE = (IN, IN, NO_VERB, IN, IN)
    #: Whoever has a token; that is tried in tests/api/test_access.py.
    PROGRAMS = (NO_TOKEN, NO_TOKEN, NO_TOKEN, NO_TOKEN, NO_TOKEN)
    NOT_SO = (NO_VERB, NO_VERB, NO_VERB, NO_VERB, NO_VERB)
    OPERATORS_NOT_SO = (SIGN_IN, NOT_THERE, NO_VERB, NOT_THERE, NOT_THERE)

    def to(self, who: str) -> Answer:
        """The answer to one of WHO."""
        return self.value[WHO[who]]


#: By the name of the address: who may look, who may send its form, and what else than the owner's things it is about.
ACCESS: dict[str, tuple[Access, Access, dict[str, Any]]] = {
    "portal:catalogue": (Access.SIGNED_IN, Access.NOT_SO, {}),
    "portal:services": (Access.SIGNED_IN, Access.NOT_SO, {}),
    "portal:service": (Access.SIGNED_IN, Access.NOT_SO, {"name": "toy"}),
    "portal:submit": (Access.SIGNED_IN, Access.SIGNED_IN, {"name": "toy"}),
    "portal:requests": (Access.SIGNED_IN, Access.NOT_SO, {}),
    "portal:request": (Access.TEAM, Access.NOT_SO, {}),
    "portal:request-jobs": (Access.TEAM, Access.NOT_SO, {}),
    "portal:request-cancel": (Access.TEAM, Access.TEAM, {}),
    "portal:request-retry": (Access.NOT_SO, Access.TEAM, {}),
    "portal:results": (Access.TEAM, Access.NOT_SO, {}),
    "portal:distributions": (Access.TEAM, Access.NOT_SO, {}),
    "portal:compare": (Access.TEAM, Access.NOT_SO, {}),
    "portal:downloads": (Access.TEAM, Access.NOT_SO, {}),
    "portal:download": (Access.TEAM, Access.NOT_SO, {"kind": "zip"}),
    "portal:sent": (Access.TEAM, Access.NOT_SO, {"kind": "ndjson"}),
    "portal:artifact": (Access.TEAM, Access.NOT_SO, {"name": "numbers.txt"}),
    "portal:item": (Access.TEAM, Access.NOT_SO, {}),
    "portal:item-sent": (Access.TEAM, Access.NOT_SO, {}),
    "portal:figure": (Access.TEAM, Access.NOT_SO, {"name": "map.svg", "of": "compute-dna"}),
    "portal:enlarged": (Access.TEAM, Access.NOT_SO, {"name": "map.svg", "of": "compute-dna"}),
    "portal:item-artifact": (Access.TEAM, Access.NOT_SO, {"name": "one.txt"}),
    "portal:account": (Access.SIGNED_IN, Access.SIGNED_IN, {}),
    "portal:email-ask": (Access.NOT_SO, Access.SIGNED_IN, {}),
    "portal:email-confirm": (Access.SIGNED_IN, Access.SIGNED_IN, {"token": "forged"}),
    "portal:password": (Access.SIGNED_IN, Access.SIGNED_IN, {}),
    "portal:sign-in": (Access.EVERYBODY, Access.EVERYBODY, {}),
    "portal:sign-out": (Access.NOT_SO, Access.OUT, {}),
    "portal:teams": (Access.SIGNED_IN, Access.SIGNED_IN, {}),
    "portal:act-for-team": (Access.NOT_SO, Access.TEAM, {}),
    "portal:team": (Access.TEAM, Access.NOT_SO, {}),
    "portal:team-invite": (Access.NOT_SO, Access.ADMINS, {}),
    "portal:invitation-accept": (Access.NOT_SO, Access.NOBODY, {}),
    "portal:invitation-decline": (Access.NOT_SO, Access.NOBODY, {}),
    "portal:invitation-withdraw": (Access.NOT_SO, Access.ADMINS, {}),
    "portal:team-role": (Access.NOT_SO, Access.ADMINS, {}),
    "portal:team-remove": (Access.ADMINS, Access.ADMINS, {}),
    "portal:tokens": (Access.SIGNED_IN, Access.SIGNED_IN, {}),
    "portal:token-revoke": (Access.ADMINS, Access.ADMINS, {}),
    "portal:webhooks": (Access.SIGNED_IN, Access.SIGNED_IN, {}),
    "portal:webhook": (Access.TEAM, Access.TEAM, {}),
    "portal:webhook-rotate": (Access.TEAM, Access.TEAM, {}),
    "portal:webhook-switch": (Access.NOT_SO, Access.TEAM, {}),
    "portal:webhook-test": (Access.NOT_SO, Access.TEAM, {}),
    "portal:webhook-remove": (Access.TEAM, Access.TEAM, {}),
    "portal:delivery": (Access.TEAM, Access.NOT_SO, {}),
    "portal:delivery-again": (Access.NOT_SO, Access.TEAM, {}),
    "portal:operate": (Access.OPERATORS, Access.NOT_SO, {}),
    "portal:operate-job": (Access.OPERATORS, Access.NOT_SO, {}),
    "portal:operate-cancel": (Access.NOT_SO, Access.OPERATORS, {}),
    "portal:operate-releases": (Access.OPERATORS, Access.NOT_SO, {}),
    "portal:operate-release-share": (Access.NOT_SO, Access.OPERATORS, {}),
    "portal:operate-release-change": (Access.OPERATORS, Access.OPERATORS, {"action": "withdraw"}),
    "portal:operate-costs": (Access.OPERATORS, Access.NOT_SO, {}),
    "compute-dna/": (Access.EVERYBODY, Access.PROGRAMS, {}),
    "api-v1:openapi-json": (Access.EVERYBODY, Access.NOT_SO, {}),
    "api-v1:openapi-view": (Access.EVERYBODY, Access.NOT_SO, {}),
    "api-v1:api-root": (Access.NOWHERE, Access.NOWHERE, {}),
    "api-v1:list_services": (Access.PROGRAMS, Access.NOT_SO, {}),
    "api-v1:get_service": (Access.PROGRAMS, Access.NOT_SO, {"name": "toy"}),
    "api-v1:list_requests": (Access.PROGRAMS, Access.PROGRAMS, {}),
    "api-v1:submit_request": (Access.PROGRAMS, Access.PROGRAMS, {}),
    "api-v1:get_request": (Access.PROGRAMS, Access.NOT_SO, {}),
    "api-v1:get_results": (Access.PROGRAMS, Access.NOT_SO, {}),
    "api-v1:get_artifact": (Access.PROGRAMS, Access.NOT_SO, {"name": "numbers.txt"}),
    "api-v1:cancel_request": (Access.NOT_SO, Access.PROGRAMS, {}),
    "api-v1:retry_request": (Access.NOT_SO, Access.PROGRAMS, {}),
    "admin:index": (Access.OPERATORS, Access.OPERATORS, {}),
    "admin:app_list": (Access.OPERATORS, Access.OPERATORS, {"app_label": "core"}),
    "admin:jsi18n": (Access.OPERATORS, Access.OPERATORS_NOT_SO, {}),
    "admin:password_change": (Access.OPERATORS, Access.OPERATORS, {}),
    "admin:password_change_done": (Access.OPERATORS, Access.OPERATORS_NOT_SO, {}),
    "admin:autocomplete": (Access.SUPERUSERS, Access.OPERATORS_NOT_SO, {}),
    "admin:auth_user_password_change": (Access.SUPERUSERS, Access.SUPERUSERS, {"of": User}),
    "admin:login": (Access.NOBODY, Access.NOBODY, {}),
    "admin:logout": (Access.ELSEWHERE, Access.OPERATORS_OUT, {}),
    "admin:view_on_site": (Access.NOBODY, Access.NOBODY, {"of": ServiceRequest}),
    "admin/(?P<url>.*)$": (Access.NOBODY, Access.NOBODY, {"url": "nothing/"}),
}
for model in (
    *(ServiceRequest, Job, Attempt, Release, ReleaseChange, Token, Team, User),
    *(Endpoint, Delivery, Mail, Invitation),
):
    place = model._meta
    name = f"admin:{place.app_label}_{place.model_name}"
    #: Accounts are the superusers'; of the rest each operator sees all.
    seen = Access.SUPERUSERS if model in (Team, User) else Access.OPERATORS
    ACCESS |= {f"{name}_{verb}": (seen, seen, {"of": model}) for verb in ("changelist", "history")}
    ACCESS[f"{name}_change"] = (seen, Access.SUPERUSERS, {"of": model})
    ACCESS |= {f"{name}_{verb}": (Access.SUPERUSERS, Access.SUPERUSERS, {"of": model}) for verb in ("add", "delete")}
    old = f"admin/{place.app_label}/{place.model_name}/<path:object_id>/"
    ACCESS[old] = (Access.OPERATORS, Access.OPERATORS, {"of": model})


def _addresses(resolver: URLResolver, route: str = "", names: str = "") -> Iterator[tuple[str, str]]:
    """The name of each address, or its route where it has none; and its route."""
    for pattern in resolver.url_patterns:
        whole = route + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern, whole, f"{names}{pattern.namespace}:" if pattern.namespace else names)
        else:
            yield (f"{names}{pattern.name}" if pattern.name else whole), whole


ADDRESSES = dict(_addresses(get_resolver()))
#: What forms would send, for those that want it; and what is asked for in the query.
DATA = {"service": "toy-wide", "name": RELEASE, "who": "newcomer", "percent": 5, "looks": 1}
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


def test_every_address_has_its_place_in_the_table():
    assert set(ADDRESSES) == set(ACCESS)


def _browsers() -> dict[str, Client]:
    teams_of = {"stranger": "strangers", "operator": "operators", "owner": "team", "teammate": "team", "former": "team"}
    users = {}
    for who, team in teams_of.items():
        users[who], _ = account(who, team)
    teams.remove(team=Team.objects.get(name="team"), user=users["former"])
    teams.acting(users["former"])  # else the first page would make a team
    User.objects.filter(username="operator").update(is_staff=True)
    browsers = {who: Client() for who in WHO}
    browsers["stranger's part"] = Client(headers={"HX-Request": "true"})
    for who, user in (users | {"stranger's part": users["stranger"]}).items():
        browsers[who].force_login(user)
    return browsers


def _things() -> dict[str, Any]:
    """By the names that addresses have for them: mostly about a request that can be cancelled and retried, as one of
    its items has failed and another waits.
    """
    user, team = account("owner", "team")
    releases.record(service="toy-wide", name=RELEASE, by="ci")
    request = _computed("toy", {"number": 1}, {"number": 2, "do": "err"})
    _add_waiting_job(request)
    endpoint, _ = endpoints.create(team=team, user=user, url=RECEIVER, states=[RequestState.SUCCEEDED])
    token, _ = tokens.create(user=user, team=team, name=TOKEN)
    guest, _ = account("guest", "guests")
    account("newcomer")
    Mail.objects.create(key="k", user=user, to="owner@example.org", subject=LABEL, text=LABEL)
    return {
        "team_id": team.pk,
        "invitation_id": invitations.invite(team=team, who=guest.username, role=Role.MEMBER, by=user).pk,
        "request_id": request.pk,
        "position": 1,
        "job_id": request.jobs.first().pk,
        "user_id": user.pk,
        "id": user.pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": endpoints.send_test(endpoint=endpoint).pk,
        "token_id": token.pk,
        # It has figures, which toys have none of.
        "profiled": _computed("compute-dna", {"sequence": "ACGT", "topology": "linear"}).pk,
    }


def _computed(service: str, *items: dict[str, Any]) -> ServiceRequest:
    user, team = account("owner", "team")
    caller = Caller(user=user, team=team, scopes=frozenset(Scope))
    drafts = [Draft(values=item) for item in items]
    request = submit(caller=caller, submission=Submission(service=service, items=drafts, label=LABEL)).request
    InlineDispatcher().dispatch(service=service, release="local", slots=1)
    return request


def _add_waiting_job(request: ServiceRequest) -> None:
    job = request.jobs.get()
    job.pk, job.state, job.finished_at, job.attempt, job.claimed_at = None, "queued", None, 0, None
    job.items_succeeded = job.items_failed = 0
    job.save(force_insert=True)


@dataclasses.dataclass(frozen=True)
class Place:
    """An address, and everybody's browsers before it."""

    path: str
    #: What is sent there.
    data: dict[str, Any]
    #: By the verb.
    access: dict[str, Access]
    browsers: dict[str, Client]
    #: The request that it is about, if it is about one.
    request: str


@pytest.fixture
def places(db: None) -> Iterator[tuple[str, Place]]:
    """All that there are, each as if it was the first."""
    return _places(_browsers(), _things())


def _places(browsers: dict[str, Client], things: dict[str, Any]) -> Iterator[tuple[str, Place]]:
    for address, route in ADDRESSES.items():
        looks, forms, about = ACCESS[address]
        names = things | about
        match about.get("of"):
            case None:
                pass
            case "compute-dna":
                names["request_id"] = things["profiled"]
            case model:
                names["object_id"] = model.objects.first().pk
                names["content_type_id"] = ContentType.objects.get_for_model(model).pk
        path = _PLACE.sub(lambda found, names=names: str(names[found[1] or found[2]]), route)
        data = DATA | {"team": things["team_id"]}
        with transaction.atomic():
            fresh = {who: _again(browser) for who, browser in browsers.items()}
            access = {"get": looks, "post": forms}
            yield address, Place(f"/{path.rstrip('$')}", data, access, fresh, str(names["request_id"]))
            transaction.set_rollback(True)


def _again(browser: Client, *, checks_forms: bool = False) -> Client:
    """Signed in as that one is, which may sign out."""
    again = Client(enforce_csrf_checks=checks_forms)
    again.defaults, again.cookies = (
        browser.defaults,
        SimpleCookie({name: morsel.value for name, morsel in browser.cookies.items()}),
    )
    return again


def visit(place: Place, who: str, verb: str) -> HttpResponse:
    """What is answered, as if it was the first."""
    browser = place.browsers[who]
    with transaction.atomic():
        answer = getattr(browser, verb)(place.path, place.data)
        if answer.headers.get("Location", "").startswith("/admin/login/"):
            answer = browser.get(answer.headers["Location"])
        transaction.set_rollback(True)
    return answer


def told(answer: HttpResponse) -> Answer:
    """What that is."""
    known = {404: NOT_THERE, 403: REFUSED, 401: NO_TOKEN, 405: NO_VERB}
    if answer.status_code == 302:
        return SIGN_IN if answer.headers["Location"].startswith("/account/sign-in/") else IN
    assert answer.status_code in (200, 409, 422) or answer.status_code in known, answer
    return known.get(answer.status_code, IN)


def everything() -> str:
    """All that is the team's or the operators', as it is now."""
    models = (ServiceRequest, Job, Release, ReleaseChange, Membership, Invitation, Token, Endpoint, Delivery)
    return serializers.serialize("json", [row for model in models for row in model.objects.order_by("pk")])


def test_each_address_lets_in_whom_it_should_and_nobody_else(places: Any) -> None:
    wrong = {}
    for address, place in places:
        for who, (verb, access) in itertools.product(WHO, place.access.items()):
            answer = visit(place, who, verb)
            got = told(answer)
            if got is not access.to(who) or (who in OUTSIDE and _leaks(place, answer)):
                wrong[address, verb, who] = got
    assert wrong == {}


def _leaks(place: Place, answer: HttpResponse) -> bool:
    """Whether it tells of what the owner has."""
    theirs = [LABEL, TOKEN, RECEIVER] + ([] if place.request in place.path else [place.request])
    return any(name.encode() in _content(answer) for name in theirs)


def _content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_who_is_not_let_in_changes_nothing(places: Any) -> None:
    before, wrong = everything(), []
    for address, place in places:
        for who, (verb, access) in itertools.product(WHO, place.access.items()):
            if access.to(who) is not IN:
                getattr(place.browsers[who], verb)(place.path, place.data)
        wrong += [address] if everything() != before else []
    assert wrong == []


def test_who_looks_changes_nothing(places: Any) -> None:
    before, wrong = everything(), []
    for address, place in places:
        place.browsers["owner"].get(place.path, place.data)
        wrong += [address] if everything() != before else []
    assert wrong == []


def test_a_form_of_another_site_is_refused(places: Any) -> None:
    """It lacks the token that our own pages have; programs have another one."""
    before, wrong = everything(), []
    for address, place in places:
        answer = _again(place.browsers["owner"], checks_forms=True).post(place.path, place.data)
        wrong += [address] if answer.status_code not in (401, 403, 404, 405) or everything() != before else []
    assert wrong == []
