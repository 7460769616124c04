"""Who may go where: every address there is, tried by the owner of what it shows, a teammate, a stranger, an operator of
another team, and nobody who is signed in. An address without its place in ACCESS fails here.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver

from foundry.accounts import tokens
from foundry.accounts.models import Membership, Team, Token, User
from foundry.core import releases
from foundry.core.models import Attempt, Job, Release, ReleaseChange, ServiceRequest
from foundry.core.requests import RequestState
from foundry.webhooks import endpoints
from foundry.webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db

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


IN, NOT_THERE, REFUSED, SIGN_IN, NO_TOKEN = Answer
WHO = ("nobody", "stranger", "operator", "teammate", "owner")


class Access(enum.Enum):
    """Who may: for each of WHO, the answer."""

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
    #: Whoever has a token; that is tried in tests/api/test_access.py.
    PROGRAMS = (NO_TOKEN, NO_TOKEN, NO_TOKEN, NO_TOKEN, NO_TOKEN)


#: By the name of the address; with what else than the owner's things it is about.
ACCESS: dict[str, tuple[Access, dict[str, Any]]] = {
    "portal:catalogue": (Access.SIGNED_IN, {}),
    "portal:service": (Access.SIGNED_IN, {"name": "toy"}),
    "portal:submit": (Access.SIGNED_IN, {"name": "toy"}),
    "portal:requests": (Access.SIGNED_IN, {}),
    "portal:request": (Access.TEAM, {}),
    "portal:request-jobs": (Access.TEAM, {}),
    "portal:request-cancel": (Access.TEAM, {}),
    "portal:request-retry": (Access.TEAM, {}),
    "portal:results": (Access.TEAM, {}),
    "portal:distributions": (Access.TEAM, {}),
    "portal:compare": (Access.TEAM, {}),
    "portal:downloads": (Access.TEAM, {}),
    "portal:download": (Access.TEAM, {"kind": "zip"}),
    "portal:artifact": (Access.TEAM, {"name": "numbers.txt"}),
    "portal:item": (Access.TEAM, {}),
    "portal:item-sent": (Access.TEAM, {}),
    "portal:figure": (Access.TEAM, {"name": "map.svg", "of": "compute-dna"}),
    "portal:item-artifact": (Access.TEAM, {"name": "one.txt"}),
    "portal:account": (Access.SIGNED_IN, {}),
    "portal:password": (Access.SIGNED_IN, {}),
    "portal:sign-in": (Access.EVERYBODY, {}),
    "portal:sign-out": (Access.OUT, {}),
    "portal:teams": (Access.SIGNED_IN, {}),
    "portal:act-for-team": (Access.TEAM, {}),
    "portal:team": (Access.TEAM, {"name": "team"}),
    "portal:team-add": (Access.ADMINS, {"name": "team"}),
    "portal:team-role": (Access.ADMINS, {"name": "team"}),
    "portal:team-remove": (Access.ADMINS, {"name": "team"}),
    "portal:tokens": (Access.SIGNED_IN, {}),
    "portal:token-revoke": (Access.ADMINS, {}),
    "portal:webhooks": (Access.SIGNED_IN, {}),
    "portal:webhook": (Access.TEAM, {}),
    "portal:webhook-rotate": (Access.TEAM, {}),
    "portal:webhook-switch": (Access.TEAM, {}),
    "portal:webhook-test": (Access.TEAM, {}),
    "portal:webhook-remove": (Access.TEAM, {}),
    "portal:delivery": (Access.TEAM, {}),
    "portal:delivery-again": (Access.TEAM, {}),
    "portal:operate": (Access.OPERATORS, {}),
    "portal:operate-job": (Access.OPERATORS, {}),
    "portal:operate-cancel": (Access.OPERATORS, {}),
    "portal:operate-releases": (Access.OPERATORS, {}),
    "portal:operate-release-share": (Access.OPERATORS, {}),
    "portal:operate-release-change": (Access.OPERATORS, {"action": "withdraw"}),
    "portal:operate-costs": (Access.OPERATORS, {}),
    "compute-dna/": (Access.EVERYBODY, {}),
    "api-v1:openapi-json": (Access.EVERYBODY, {}),
    "api-v1:openapi-view": (Access.EVERYBODY, {}),
    "api-v1:api-root": (Access.NOWHERE, {}),
    **{
        f"api-v1:{operation}": (Access.PROGRAMS, {"name": "toy"})
        for operation in (
            *("list_services", "get_service", "list_requests", "submit_request", "get_request", "get_results"),
            *("get_artifact", "cancel_request", "retry_request"),
        )
    },
    "admin:index": (Access.OPERATORS, {}),
    "admin:app_list": (Access.OPERATORS, {"app_label": "core"}),
    "admin:jsi18n": (Access.OPERATORS, {}),
    "admin:password_change": (Access.OPERATORS, {}),
    "admin:password_change_done": (Access.OPERATORS, {}),
    "admin:autocomplete": (Access.SUPERUSERS, {}),
    "admin:auth_user_password_change": (Access.SUPERUSERS, {"of": User}),
    "admin:login": (Access.NOBODY, {}),
    "admin:logout": (Access.EVERYBODY, {}),
    "admin:view_on_site": (Access.NOBODY, {"of": ServiceRequest}),
    "admin/(?P<url>.*)$": (Access.NOBODY, {"url": "nothing/"}),
}
for model in (ServiceRequest, Job, Attempt, Release, ReleaseChange, Token, Team, User):
    place = model._meta
    #: Accounts are the superusers'; of the rest each operator sees all.
    seen = Access.SUPERUSERS if model in (Team, User) else Access.OPERATORS
    ACCESS |= {
        f"admin:{place.app_label}_{place.model_name}_{verb}": (seen, {"of": model})
        for verb in ("changelist", "change", "history")
    }
    ACCESS |= {
        f"admin:{place.app_label}_{place.model_name}_{verb}": (Access.SUPERUSERS, {"of": model})
        for verb in ("add", "delete")
    }
    ACCESS[f"admin/{place.app_label}/{place.model_name}/<path:object_id>/"] = (Access.OPERATORS, {"of": model})


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
DATA = {"service": "toy-wide", "name": RELEASE, "team": "team", "who": "newcomer", "percent": 5}
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


def test_every_address_has_its_place_in_the_table():
    assert set(ADDRESSES) == set(ACCESS)


@dataclasses.dataclass(frozen=True)
class Place:
    """An address, and everybody's browsers before it."""

    path: str
    access: Access
    browsers: dict[str, Client]
    #: The request that it is about, if it is about one.
    request: str


@pytest.fixture(params=ADDRESSES)
def place(request: pytest.FixtureRequest, things: dict[str, Any], make_profiled: Any, browsers: Any) -> Place:
    access, about = ACCESS[request.param]
    names = things | about
    match about.get("of"):
        case None:
            pass
        case "compute-dna":
            names["request_id"] = make_profiled()
        case model:
            names["object_id"] = model.objects.first().pk
            names["content_type_id"] = ContentType.objects.get_for_model(model).pk
    path = _PLACE.sub(lambda found: str(names[found[1] or found[2]]), ADDRESSES[request.param])
    return Place(f"/{path.rstrip('$')}", access, browsers, str(names["request_id"]))


@pytest.fixture
def browsers(
    owners_browser: Client, teammates_browser: Client, strangers_browser: Client, operators_browser: Client
) -> dict[str, Client]:
    signed_in = (strangers_browser, operators_browser, teammates_browser, owners_browser)
    return dict(zip(WHO, (Client(), *signed_in), strict=True))


@pytest.fixture
def things(browsers: Any, owner: Any, make_request: Any, compute: Any) -> dict[str, Any]:
    """What the owner has, by the names that addresses have for it: mostly about a request that can be cancelled and
    retried, as one of its items has failed and another waits.
    """
    team, user = owner.caller.team, owner.caller.user
    releases.record(service="toy-wide", name=RELEASE, by="ci")
    request = make_request({"number": 1}, {"number": 2, "do": "err"}, label=LABEL)
    compute()
    _add_waiting_job(request)
    endpoint, _ = endpoints.create(team=team, user=user, url=RECEIVER, states=[RequestState.SUCCEEDED])
    token, _ = tokens.create(user=user, team=team, name=TOKEN)
    return {
        "request_id": request.pk,
        "position": 1,
        "job_id": request.jobs.first().pk,
        "user_id": user.pk,
        "id": user.pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": endpoints.send_test(endpoint=endpoint).pk,
        "token_id": token.pk,
    }


def _add_waiting_job(request: ServiceRequest) -> None:
    job = request.jobs.get()
    job.pk, job.state, job.finished_at, job.attempt, job.claimed_at = None, "queued", None, 0, None
    job.items_succeeded = job.items_failed = 0
    job.save(force_insert=True)


@pytest.fixture
def make_profiled(make_request: Any, compute: Any) -> Callable[[], Any]:
    """A request with figures, which toys have none of."""

    def make() -> Any:
        request = make_request({"sequence": "ACGT", "topology": "linear"}, service="compute-dna", label=LABEL)
        compute("compute-dna")
        return request.pk

    return make


def visit(browser: Client, path: str) -> list[HttpResponse]:
    """What a look and a form are answered, each as if it was the first; without what the address has no verb for."""
    answers = []
    for send in (browser.get, browser.post):
        with transaction.atomic():
            answer = send(path, DATA)
            if answer.headers.get("Location", "").startswith("/admin/login/"):
                answer = browser.get(answer.headers["Location"])
            answers.append(answer)
            transaction.set_rollback(True)
    return [answer for answer in answers if answer.status_code != 405]


def told(answers: list[HttpResponse]) -> Answer:
    """One that lets in is enough: whoever may look may not always change."""
    each = {_told(answer) for answer in answers}
    return IN if IN in each else each.pop() if len(each) == 1 else pytest.fail(f"{answers}")


def _told(answer: HttpResponse) -> Answer:
    known = {404: NOT_THERE, 403: REFUSED, 401: NO_TOKEN}
    if answer.status_code == 302:
        return SIGN_IN if answer.headers["Location"].startswith("/account/sign-in/") else IN
    assert answer.status_code in (200, 409, 422) or answer.status_code in known, answer
    return known.get(answer.status_code, IN)


def everything() -> str:
    """All that is the team's or the operators', as it is now."""
    models = (ServiceRequest, Job, Release, ReleaseChange, Membership, Token, Endpoint, Delivery)
    return serializers.serialize("json", [row for model in models for row in model.objects.order_by("pk")])


def test_each_address_lets_in_whom_it_should_and_nobody_else(place: Place) -> None:
    answers = {who: visit(browser, place.path) for who, browser in place.browsers.items()}
    assert {who: told(found) for who, found in answers.items()} == dict(zip(WHO, place.access.value, strict=True))
    for answer in answers["nobody"] + answers["stranger"]:
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert not any(name.encode() in text for name in (LABEL, TOKEN, RECEIVER))
        assert place.request in place.path or place.request.encode() not in text


def test_who_is_not_let_in_changes_nothing(place: Place) -> None:
    before = everything()
    for who, answer in zip(WHO, place.access.value, strict=True):
        if answer is not IN:
            place.browsers[who].post(place.path, DATA)
    assert everything() == before


def test_a_form_of_another_site_is_refused(place: Place) -> None:
    """It lacks the token that our own pages have; programs have another one."""
    browser = place.browsers["owner"]
    browser.handler.enforce_csrf_checks = True
    before = everything()
    assert browser.post(place.path, DATA).status_code in (401, 403, 404, 405)
    assert everything() == before
