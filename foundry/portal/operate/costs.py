"""What the services' time has cost, by service, by team and by week."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from foundry import catalog
from foundry.core import cost
from foundry.core.cost import By, CostRow
from foundry.portal.catalogue import words
from foundry.portal.requests.index import service_title

_WEEKS = (4, 12, 52)


class SpanForm(forms.Form):
    """Of which service, and how far back."""

    service = forms.ChoiceField(required=False)
    weeks = forms.TypedChoiceField(
        required=False,
        label="The last",
        coerce=int,
        empty_value=None,
        choices=[(weeks, f"{weeks} weeks") for weeks in _WEEKS],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")
        services = self.fields["service"]
        assert isinstance(services, forms.ChoiceField)  # noqa: S101
        services.choices = [("", "All"), *((one.name, one.title) for one in catalog.services().values())]


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """A row of a table, with how it compares to the largest."""

    row: CostRow
    #: What people call what it is of.
    title: str
    usd: str
    usd_each: str
    percent: int
    seconds: float


def context(query: Any) -> dict[str, Any]:
    """The three tables, and the sum."""
    form = SpanForm(query)
    form.is_valid()
    weeks = form.cleaned_data.get("weeks") or _WEEKS[0]
    since = timezone.now() - timedelta(weeks=weeks)
    service = form.cleaned_data.get("service") or None
    tables = cost.reports(since=since, service=service)
    rows = tables[By.SERVICE]
    return {
        "form": form,
        "since": since,
        "tables": [(by, _bars(by, rows)) for by, rows in tables.items()],
        "total": words.money(float(sum(row.cost.usd for row in rows))),
        "attempts": sum(row.cost.attempts for row in rows),
        "failed": sum(row.failed_attempts for row in rows),
        "price_lists": sorted({one for row in rows for one in row.cost.price_lists}),
    }


def _bars(by: By, rows: list[CostRow]) -> list[Bar]:
    most = max((row.cost.usd for row in rows), default=None) or 1
    return [
        Bar(
            row=row,
            title=_title(by, row.name),
            usd=words.money(float(row.cost.usd)),
            usd_each=words.money(float(row.cost.usd) / row.requests),
            percent=round(100 * row.cost.usd / most),
            seconds=row.cost.billed_ms / 1000,
        )
        for row in rows
    ]


def _title(by: By, name: str) -> str:
    match by:
        case By.SERVICE:
            return service_title(name)
        case By.WEEK:
            return f"From {date.fromisoformat(f'{name}-1'):%-d %b %Y}"
        case By.TEAM:
            return name
