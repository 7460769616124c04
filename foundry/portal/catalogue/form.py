"""The form of a request to one service: what it begins with, what came back, and what of it is wrong."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict

from foundry import intake
from foundry.contract import SequenceItem, Service
from foundry.core import tags
from foundry.core.drafts import Draft, check_options
from foundry.core.errors import InvalidRequestError
from foundry.core.models import ServiceRequest
from foundry.core.submit import Submission, fingerprint, latest_alike
from foundry.portal.catalogue import controls, designs, schema, told, words
from foundry.portal.catalogue.controls import Control, Fault
from foundry.portal.catalogue.plan import Plan, make
from foundry.portal.page import PageRequest

#: Where faults are that are of no field of the service, and what that is called on the page.
_NAMED = {"designs": "Items", "label": "Label", "tags": "Tags", "options": "Options"}
_LABEL, _TOKEN, _DIGITS = 200, 64, 7
#: The same is hardly ever meant to be computed twice in this time.
_LATELY = timedelta(days=1)


@dataclasses.dataclass(slots=True, kw_only=True)
class Form:
    """What the page shows. A fault's `where` is the name of a control, or of `designs`, `label` and `tags`."""

    service: Service
    #: With what is submitted it makes the idempotency key, so that a page submits the same thing once.
    token: str
    designs: str = ""
    label: str = ""
    tags: str = ""
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    posted: QueryDict | None = None
    faults: list[Fault] = dataclasses.field(default_factory=list)
    #: Faults of items that a default would mend; the good ones can be submitted all the same.
    lacking: list[Fault] = dataclasses.field(default_factory=list)
    plan: Plan | None = None
    #: Why none of it was taken, which the same form may be the next time.
    refusal: str = ""
    #: Something to know that is no fault.
    note: str = ""
    #: The team's request of not long ago that has the same content.
    alike: ServiceRequest | None = None

    @property
    def options(self) -> tuple[Control, ...]:
        fields = schema.of(self.service.options)
        return controls.shown(fields, "options", self.values, posted=self.posted, faults=self.faults)

    @property
    def defaults(self) -> tuple[Control, ...]:
        """For the fields of an item that describe its kind, and not the one item."""
        own = {*self.service.describing, *(("sequence",) if issubclass(self.service.item, SequenceItem) else ())}
        fields = [field for field in schema.of(self.service.item) if field.name not in own]
        faults = [*self.faults, *self.lacking]
        return controls.shown(fields, "defaults", {}, posted=self.posted, faults=faults, optional=True)

    @property
    def controls(self) -> list[Control]:
        return [one for control in (*self.options, *self.defaults) for one in control.flat()]

    @property
    def errors(self) -> dict[str, list[str]]:
        """What is wrong, by where; of options and defaults their controls know."""
        found: dict[str, list[str]] = {}
        for fault in self.faults:
            found.setdefault(str(fault["where"]), []).append(str(fault["message"]))
        return found

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """All faults: the id of the control, its label, and what is wrong."""
        return [self._told(fault) for fault in self.faults]

    @property
    def hints(self) -> list[tuple[str, str, str]]:
        """What would mend items, in the same way."""
        return [self._told(fault) for fault in self.lacking]

    def _told(self, fault: Fault) -> tuple[str, str, str]:
        named = {control.name: (control.id, control.field.label) for control in self.controls}
        where = str(fault["where"])
        while where and where not in named and where not in _NAMED:
            where = where.rpartition(".")[0]
        at, label = named.get(where) or (where, _NAMED.get(where, ""))
        return at, label, str(fault["message"])


def blank(service: Service) -> Form:
    """A form with nothing in it but defaults."""
    return Form(service=service, token=secrets.token_urlsafe(16))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What came back with a form, as far as it can be read."""

    form: Form
    drafts: Sequence[Draft]
    options: Mapping[str, Any]
    defaults: Mapping[str, Any]
    tags: Sequence[str]

    def submission(self) -> Submission:
        """What to submit, under a key that only the same page with the same content comes to."""
        asked = Submission(
            service=self.form.service.name,
            items=self.drafts,
            options=self.options,
            defaults=self.defaults,
            label=self.form.label,
            tags=self.tags,
        )
        return dataclasses.replace(asked, idempotency_key=f"portal-{self.form.token}-{fingerprint(asked).hex()[:32]}")


def read(request: HttpRequest, service: Service) -> Given:
    """The form that was sent, with the faults of all but its single items."""
    posted = request.POST
    form = Form(
        service=service,
        token=posted.get("token", "")[:_TOKEN] if posted.get("token", "").isprintable() else "",
        designs=posted.get("designs", ""),
        label=" ".join(posted.get("label", "").split()),
        tags=posted.get("tags", ""),
        posted=posted,
    )
    options, faults = controls.read(form.options)
    defaults, more = controls.read(form.defaults, optional=True)
    form.faults += [*faults, *more, *_of_options(service, options, faults), *_of_label(form.label)]
    return Given(form=form, drafts=_drafts(request, form), options=options, defaults=defaults, tags=_tags(form))


def _of_options(service: Service, options: Mapping[str, Any], unread: Sequence[Fault]) -> list[Fault]:
    try:
        check_options(service, options)
    except InvalidRequestError as error:
        known, fields = {one["where"] for one in unread}, schema.of(service.options)
        return [
            {**fault, "message": told.sentence(fault["message"], fields)}
            for fault in error.errors
            if fault["where"] not in known
        ]
    return []


def _of_label(label: str) -> list[Fault]:
    if len(label) <= _LABEL and label.isprintable():
        return []
    return [{"where": "label", "message": f"A label has at most {_LABEL} letters, and no control characters."}]


def _tags(form: Form) -> list[str]:
    try:
        return tags.parse(form.tags)
    except InvalidRequestError as error:
        form.faults.append({"where": "tags", "message": words.sentence(str(error).removeprefix("tags: "))})
        return []


def _drafts(request: HttpRequest, form: Form) -> list[Draft]:
    try:
        if int(request.headers.get("Content-Length") or 0) > settings.FOUNDRY_MAX_UPLOAD:
            raise InvalidRequestError(too_large())
        files = [intake.Upload(file.name or "upload", file.read()) for file in request.FILES.getlist("files")]
        return designs.read(form.service, form.designs, files)
    except InvalidRequestError as error:
        form.faults.append({"where": "designs", "message": str(error)})
        return []


def too_large() -> str:
    """What to do with more than can be sent at once."""
    most = words.size(settings.FOUNDRY_MAX_UPLOAD)
    return (
        f"The text and the files are over {most} together, the most that can be sent at once: pack the files into a "
        "zip, or make several requests of them."
    )


def plan(request: PageRequest, given: Given) -> None:
    """Check each item, and put the plan and what would mend it into the form."""
    form = given.form
    if not given.drafts:
        return
    listed, _, page = request.POST.get("list", "").partition("-")
    only_bad = {"bad": True, "all": False}.get(listed)
    try:
        form.plan = make(form.service, given.drafts, given.defaults, page=_number(page), only_bad=only_bad)
    except InvalidRequestError as error:
        form.faults.append({"where": "designs", "message": str(error)})
        return
    form.alike = latest_alike(team=request.caller.team, submission=given.submission(), within=_LATELY)
    for control in form.defaults:
        if count := form.plan.lacking.get(control.field.name):
            them = "1 item does" if count == 1 else f"{count:,} items do"
            message = f"{them} not say this; choose it here for all that do not."
            form.lacking.append({"where": control.name, "message": message})


def _number(page: str) -> int:
    return int(page) if page.isdecimal() and len(page) < _DIGITS else 1
