"""Who may go where: every address there is, tried by the owner of what it shows, a teammate, a stranger, an operator of
another team, and nobody who is signed in. An address without its place in ACCESS fails here.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver

from foundry.accounts import tokens
from foundry.accounts.caller import Caller, account
from foundry.accounts.models import Membership, Scope, Team, Token, User
from foundry.core import releases
from foundry.core.drafts import Draft
from foundry.core.models import Attempt, Job, Release, ReleaseChange, ServiceRequest
from foundry.core.requests import RequestState
from foundry.core.submit import Submission, submit
from foundry.dispatch.inline import InlineDispatcher
from foundry.webhooks import endpoints
from foundry.webhooks.models import Delivery, Endpoint

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
    #: Whom the admin does not know is sent to its first page.
    OPERATORS_OUT = (IN, IN, SIGN_IN, IN, IN)
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
    "admin:logout": (Access.OPERATORS_OUT, {}),
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


def _browsers() -> dict[str, Client]:
    browsers = {"nobody": Client()}
    for who, team in (("stranger", "strangers"), ("operator", "operators"), ("owner", "team"), ("teammate", "team")):
        user, _ = account(who, team)
        browsers[who] = Client()
        browsers[who].force_login(user)
    User.objects.filter(username="operator").update(is_staff=True)
    return {who: browsers[who] for who in WHO}


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
    return {
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
    access: Access
    browsers: dict[str, Client]
    #: The request that it is about, if it is about one.
    request: str


@pytest.fixture
def places(db: None) -> Iterator[tuple[str, Place]]:
    """All that there are, each as if it was the first."""
    return _places(_browsers(), _things())


def _places(browsers: dict[str, Client], things: dict[str, Any]) -> Iterator[tuple[str, Place]]:
    for address, route in ADDRESSES.items():
        access, about = ACCESS[address]
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
        with transaction.atomic():
            fresh = {who: _again(browser) for who, browser in browsers.items()}
            yield address, Place(f"/{path.rstrip('$')}", access, fresh, str(names["request_id"]))
            transaction.set_rollback(True)


def _again(browser: Client, *, checks_forms: bool = False) -> Client:
    """Signed in as that one is, which may sign out."""
    again = Client(enforce_csrf_checks=checks_forms)
    again.cookies = SimpleCookie({name: morsel.value for name, morsel in browser.cookies.items()})
    return again


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
    assert IN in each or len(each) == 1, answers
    return IN if IN in each else each.pop()


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


def test_each_address_lets_in_whom_it_should_and_nobody_else(places: Any) -> None:
    wrong = {}
    for address, place in places:
        answers = {who: visit(browser, place.path) for who, browser in place.browsers.items()}
        got = {who: told(found) for who, found in answers.items()}
        should = dict(zip(WHO, place.access.value, strict=True))
        wrong |= {(address, who): got[who] for who in WHO if got[who] is not should[who]}
        wrong |= {(address, name): LABEL for name in ("nobody", "stranger") if any(map(_leaks(place), answers[name]))}
    assert wrong == {}


def _leaks(place: Place) -> Callable[[HttpResponse], bool]:
    """Whether an answer tells of what the owner has."""
    theirs = [LABEL, TOKEN, RECEIVER] + ([] if place.request in place.path else [place.request])
    return lambda answer: any(name.encode() in _content(answer) for name in theirs)


def _content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_who_is_not_let_in_changes_nothing(places: Any) -> None:
    before, wrong = everything(), []
    for address, place in places:
        for who, answer in zip(WHO, place.access.value, strict=True):
            if answer is not IN:
                place.browsers[who].post(place.path, DATA)
        wrong += [address] if everything() != before else []
    assert wrong == []


def test_a_form_of_another_site_is_refused(places: Any) -> None:
    """It lacks the token that our own pages have; programs have another one."""
    before, wrong = everything(), []
    for address, place in places:
        answer = _again(place.browsers["owner"], checks_forms=True).post(place.path, DATA)
        wrong += [address] if answer.status_code not in (401, 403, 404, 405) or everything() != before else []
    assert wrong == []
