"""Pages of the area catalogue: what the foundry can do, one service of it, and a request to it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from foundry import catalog
from foundry.contract import Service, Stage
from foundry.core.errors import InvalidRequestError, NotReleasedError
from foundry.core.estimate import Measured, measured
from foundry.core.submit import submit as submit_request
from foundry.core.uploads import accepts_files
from foundry.portal.catalogue import begin, form, notes, programs, schema, search, words
from foundry.portal.catalogue.form import Form, Given
from foundry.portal.page import PageRequest, other_team, page

#: What the form's buttons ask for: everything, if all of it is good; what is good.
_SUBMIT, _SUBMIT_GOOD = "submit", "submit-good"


@require_GET
@page(area="catalogue")
def index(request: PageRequest) -> HttpResponseBase:
    """All services by stage, or those in which every word of `q` is."""
    query = request.GET.get("q", "")[:200]
    found = [service for service in catalog.services().values() if search.fits(service, query)]
    known = measured(services=[service.name for service in found])
    stages = [
        (stage, [(service, _time(service, known)) for service in found if service.stage is stage]) for stage in Stage
    ]
    context = {"q": query, "stages": stages, "found": len(found), "all": len(catalog.services())}
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, f"portal/catalogue/{'services' if fragment else 'index'}.html", context)


@require_GET
@page(area="catalogue")
def services(request: PageRequest) -> HttpResponseBase:
    """Where people look who take the end off a service's address."""
    return redirect("portal:catalogue")


def _time(service: Service, known: dict[str, Measured]) -> str:
    return words.each(known[service.name].seconds_per_item) if service.name in known else ""


@require_GET
@page(area="catalogue")
def service(request: PageRequest, name: str) -> HttpResponseBase:
    """What a service does, takes and gives."""
    found = _find(name)
    known = measured(services=[name])
    return render(
        request,
        "portal/catalogue/service.html",
        {
            "service": found,
            "accepts_files": accepts_files(found),
            "takes": words.takes(found),
            "most": words.size(settings.FOUNDRY_MAX_UPLOAD),
            "time": _time(found, known),
            "known": known.get(name),
            "usd": words.money(usd) if name in known and (usd := known[name].usd_per_item) is not None else "",
            "tables": _tables(found),
            "notes": notes.html(name),
            "curl": programs.curl(request, found),
            "curl_files": programs.curl_files(request, found),
            "python": programs.python(request, found),
        },
    )


def _tables(found: Service) -> list[tuple[str, str, list[schema.Field]]]:
    described = (
        ("Item", "What each item has.", found.item),
        ("Options", "What is chosen once for all items of a request.", found.options),
        ("Result", "What each item comes to.", found.result),
    )
    return [(title, what, _rows(model)) for title, what, model in described]


def _rows(model: Any) -> list[schema.Field]:
    seen: set[str] = set()
    return [row for field in schema.of(model) for row in field.rows(seen)]


# Unlike the other pages it may be kept, so that the way back finds what was written into it.
@cache_control(private=True, no_cache=True)
@require_http_methods(["GET", "POST"])
@page(area="catalogue")
def submit(request: PageRequest, name: str) -> HttpResponseBase:
    """The form, its preview, and the submission: nothing is kept before that."""
    found = _find(name)
    if request.method == "GET":
        return _show(request, begin.form(found, team=request.caller.team, asked=request.GET.dict()))
    given, action = form.read(request, found), request.POST.get("action", "")
    if action != _SUBMIT_GOOD or given.form.faults:
        form.plan(request, given)
    if action not in (_SUBMIT, _SUBMIT_GOOD):
        return _show(request, given.form)
    if refusal := other_team(request):
        form.plan(request, given)
        given.form.refusal = refusal
        return _show(request, given.form, status=409)
    if given.form.faults or (given.form.plan and given.form.plan.bad):
        return _show(request, given.form, status=422)
    return _submit(request, given)


def _submit(request: PageRequest, given: Given) -> HttpResponseBase:
    try:
        accepted = submit_request(caller=request.caller, submission=given.submission())
    except InvalidRequestError as error:
        form.plan(request, given)
        if not given.form.plan or given.form.plan.good:  # else the plan says what is wrong
            given.form.faults.append({"where": "designs", "message": str(error)})
        return _show(request, given.form, status=422)
    except NotReleasedError as error:
        form.plan(request, given)
        given.form.faults.append({"where": "designs", "message": str(error)})
        return _show(request, given.form, status=503)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": reverse("portal:request", args=[accepted.request.pk])})
    return redirect("portal:request", accepted.request.pk)


def _show(request: PageRequest, shown: Form, status: int = 200) -> HttpResponseBase:
    fragment = request.method == "POST" and request.headers.get("HX-Request") == "true"
    template = f"portal/catalogue/{'answer' if fragment else 'submit'}.html"
    context = {
        "form": shown,
        "service": shown.service,
        "accepts_files": accepts_files(shown.service),
        "most_bytes": settings.FOUNDRY_MAX_UPLOAD,
        "most": words.size(settings.FOUNDRY_MAX_UPLOAD),
        "too_large": form.too_large(),
    }
    return render(request, template, context, status=status)


def _find(name: str) -> Service:
    try:
        return catalog.get(name)
    except catalog.UnknownServiceError as error:
        raise Http404(str(error)) from None
