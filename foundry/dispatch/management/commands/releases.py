"""manage.py releases: what is deployed, which of it gets the new jobs, and what can be removed."""

from __future__ import annotations

from argparse import SUPPRESS
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from foundry import catalog
from foundry.core import release_table, releases
from foundry.core.errors import NotAllowedNowError
from foundry.core.models import Release
from foundry.dispatch.operators import as_json, table, who

_ROLLBACK = (
    "make that release live and withdraw a candidate; without one named: withdraw the candidate and leave the live "
    "release alone, or, where there is no candidate, make the one before live"
)


class Command(BaseCommand):
    help = "Show and change which deployed release of a service gets its new jobs. Without an action: list."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        _add_listing(parser)
        actions = parser.add_subparsers(dest="action", metavar="ACTION")
        _add_listing(actions.add_parser("list", help="what is deployed, and the jobs on it"), default=SUPPRESS)
        history = actions.add_parser("history", help="what became of releases, when and by whom")
        history.add_argument("--limit", type=int, default=50, help="changes to show (default: %(default)s)")
        record = actions.add_parser("record", help="a version was deployed: it gets the new jobs from now on")
        record.add_argument("--all-services", action="store_true", help="it computes every service")
        record.add_argument("--commit", default="", help="what it was built from")
        record.add_argument("--share", type=float, help="it gets only that share of the new requests: a candidate")
        shift = actions.add_parser("shift", help="give the candidate another share")
        promote = actions.add_parser("promote", help="make the candidate live")
        withdraw = actions.add_parser("withdraw", help="the candidate, named or whatever it is, gets no more jobs")
        rollback = actions.add_parser("rollback", help=_ROLLBACK, description=_ROLLBACK)
        prunable = actions.add_parser("prunable", help="the names of those whose versions can be removed")
        prunable.add_argument("--keep", type=int, default=1, help="kept to roll back to (default: %(default)s)")
        pruned = actions.add_parser("pruned", help="its version is, or will be, removed: it is never live again")
        for changing in (record, shift, promote, withdraw, rollback, pruned):
            changing.add_argument(
                "name",
                nargs="?" if changing in (withdraw, rollback) else None,
                metavar="RELEASE",
                help="FUNCTION:VERSION",
            )
            changing.add_argument("--by", default=who(), help="who changes it (default: %(default)s)")
        shift.add_argument("share", type=float, metavar="SHARE", help="of the new requests, from 0 to 1")
        for of_services in (history, record, shift, promote, withdraw, rollback):
            of_services.add_argument("--service", action="append", help="of that service; may be repeated")
        for showing in (history, record, shift, promote, withdraw, rollback, prunable):
            showing.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        show = {"history": _history, "prunable": _prunable, "pruned": _pruned, "list": _list, None: _list}
        try:
            self.stdout.write(show.get(options["action"], _change)(options))
        except (ValueError, NotAllowedNowError, catalog.UnknownServiceError) as error:
            raise CommandError(str(error)) from None


def _add_listing(parser: CommandParser, **default: Any) -> None:
    """With a default of SUPPRESS what was given before the action stays."""
    parser.add_argument("--service", action="append", help="of that service; may be repeated", **default)
    parser.add_argument("--all", action="store_true", help="pruned ones too", **default)
    parser.add_argument("--json", action="store_true", help="for programs", **default)


_HEADINGS = ("Service", "Release", "State", "Share", "Waiting", "Running", "Done", "Failed", "Recorded", "By", "Commit")


def _list(options: dict[str, Any]) -> str:
    rows = release_table.table(services=options["service"], pruned=options.get("all", False))
    if options["json"]:
        return as_json(rows)
    cells = [
        (
            *(row.service, row.release, row.state or "not recorded", _percent(row.share)),
            *(row.waiting, row.running, row.succeeded, row.failed),
            *(row.recorded_at, row.recorded_by, (row.commit or "")[:12]),
        )
        for row in rows
    ]
    return table(_HEADINGS, cells) if cells else "No release is recorded."


def _history(options: dict[str, Any]) -> str:
    changes = release_table.history(services=options["service"], limit=options["limit"])
    if options["json"]:
        return as_json(changes)
    cells = [(one.at, one.by, one.service, one.release, one.became, _percent(one.share)) for one in changes]
    return table(("When", "By", "Service", "Release", "Became", "Share"), cells) if cells else "Nothing was recorded."


def _prunable(options: dict[str, Any]) -> str:
    names = releases.prunable(keep=max(0, options["keep"]))
    return as_json(names) if options["json"] else "\n".join(names)


def _pruned(options: dict[str, Any]) -> str:
    releases.mark_pruned(name=options["name"], by=options["by"])
    return f"{options['name']} is marked as pruned."


_CHANGES: dict[str, Callable[..., Release]] = {
    "record": releases.record,
    "shift": releases.shift,
    "promote": releases.promote,
    "withdraw": releases.withdraw,
    "rollback": releases.rollback,
}


def _change(options: dict[str, Any]) -> str:
    """For all of the services or for none; then shows how they stand.

    Without a name, what goes is the candidate: of several services those are meant that have one.
    """
    values = {key: options[key] for key in ("name", "by", "commit", "share") if key in options}
    services = _services(options)
    if options["name"] is None:
        services = releases.with_a_candidate(services) or services
    with transaction.atomic():
        for service in services:
            _CHANGES[options["action"]](service=service, **values)
    return _list(options | {"service": services})


def _services(options: dict[str, Any]) -> list[str]:
    """Those given, or those that the release is recorded for."""
    if options.get("all_services"):
        return list(catalog.services())
    found: list[str] = options["service"] or releases.services_of(options["name"])
    if not found:
        raise CommandError("Say of which service, with --service; the release is not recorded yet, or none was named.")
    return found


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.4g} %"
