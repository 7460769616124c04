"""manage.py costs: what attempts have cost, where their time is billed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from foundry.core import cost
from foundry.core.cost import By, CostRow
from foundry.dispatch.operators import as_json, table

_DAYS = 30


class Command(BaseCommand):
    help = "What attempts have cost by list prices, failed ones included. Nothing is billed on a machine of one's own."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--service", help="of that service only")
        parser.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help=f"UTC (default: {_DAYS} days ago)")
        parser.add_argument("--by", type=By, choices=list(By), default=By.SERVICE, help="(default: %(default)s)")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        since = options["since"] or timezone.now() - timedelta(days=_DAYS)
        rows = cost.report(by=options["by"], since=since, service=options["service"])
        if options["json"]:
            self.stdout.write(as_json(rows))
        elif rows:
            self.stdout.write(table(_headings(options["by"]), [_cells(row) for row in rows]))
            self.stdout.write(f"By {'; '.join(_price_lists(rows))}.")
        else:
            self.stdout.write(f"Nothing was billed since {since:%Y-%m-%d}.")


def _day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def _headings(by: By) -> tuple[str, ...]:
    return (by.title(), "Requests", "Attempts", "Failed", "Billed s", "GB-s", "USD", "USD/request")


def _cells(row: CostRow) -> tuple[Any, ...]:
    spent = row.cost
    return (
        *(row.name, row.requests, spent.attempts, row.failed_attempts),
        *(spent.billed_ms / 1000, float(spent.gb_seconds), float(spent.usd), float(spent.usd) / row.requests),
    )


def _price_lists(rows: list[CostRow]) -> list[str]:
    return sorted({one for row in rows for one in row.cost.price_lists})
