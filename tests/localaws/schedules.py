"""EventBridge's scheduled rules and EventBridge Scheduler's schedules, fired at functions when they are due."""

from __future__ import annotations

import fnmatch
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from tests.localaws import expressions, versions
from tests.localaws.errors import AwsError
from tests.localaws.expressions import UnknownExpression
from tests.localaws.going_on import going_on
from tests.localaws.journal import Journal
from tests.localaws.lambda_api import LambdaApi
from tests.localaws.versions import Target


@dataclass(frozen=True)
class Schedule:
    """Something that is due again and again. `permitted` says whether AWS would ask the function's policy."""

    arn: str
    expression: str
    target: dict[str, Any]
    source: str
    account: str
    region: str
    asks_policy: bool


class Schedules:
    """`minute_seconds` is how long a minute of the schedules' time takes: 60, or less to see many fire soon."""

    def __init__(self, api: LambdaApi, journal: Journal, minute_seconds: float) -> None:
        self._api, self._journal, self._speed = api, journal, 60.0 / minute_seconds
        self._begun_at, self._begun = datetime.now(UTC), time.monotonic()
        self._due: dict[tuple[str, str], datetime | None] = {}
        self._open = True
        self._tick = min(0.5, minute_seconds / 10)
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._open = False

    def _now(self) -> datetime:
        return self._begun_at + timedelta(seconds=(time.monotonic() - self._begun) * self._speed)

    def _run(self) -> None:
        while self._open:
            time.sleep(self._tick)
            with going_on():
                self._look(self._now())

    def _look(self, now: datetime) -> None:
        known, self._due = self._due, {}
        for schedule in (*_rules(), *_schedules()):
            key = (schedule.arn, schedule.expression)
            due = known[key] if key in known else self._next(schedule, now)
            if due and due <= now:
                self._fire(schedule, due)
                due = self._next(schedule, due)
            self._due[key] = due

    def _next(self, schedule: Schedule, since: datetime) -> datetime | None:
        try:
            return expressions.after(schedule.expression, since)
        except UnknownExpression as error:
            self._journal.tell("schedule not understood", schedule=schedule.arn, why=str(error))
            return None

    def _fire(self, schedule: Schedule, due: datetime) -> None:
        why = ""
        try:
            _, _, _, region, account, _, name = schedule.target["Arn"].split(":", 6)
            target = versions.find(account, region, name)
            if schedule.asks_policy and not _permitted(target, schedule):
                why = "not permitted"
            else:
                self._api.invoke(target, _event(schedule, due), how="schedule")
        except AwsError as error:
            why = error.message
        told = {"schedule": schedule.arn, "function": schedule.target["Arn"].partition(":function:")[2]}
        self._journal.tell("schedule failed" if why else "schedule fired", **told, why=why)


def _rules() -> Iterator[Schedule]:
    for account, regions in list(events_backends.items()):
        for region, backend in list(regions.items()):
            for rule in list(backend.event_buses["default"].rules.values()):
                if rule.scheduled_expression and rule.state == "ENABLED":
                    for target in _functions(rule.targets):
                        yield Schedule(rule.arn, rule.scheduled_expression, target, "aws.events", account, region, True)


def _schedules() -> Iterator[Schedule]:
    for account, regions in list(scheduler_backends.items()):
        for region, backend in list(regions.items()):
            for group in list(backend.schedule_groups.values()):
                for one in list(group.schedules.values()):
                    if one.state == "ENABLED":
                        for target in _functions([one.target]):
                            yield Schedule(
                                one.arn, one.schedule_expression, target, "aws.scheduler", account, region, False
                            )


def _functions(targets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [target for target in targets if ":lambda:" in target["Arn"]]


def _permitted(target: Target, schedule: Schedule) -> bool:
    """Whether the function's policy lets this rule invoke it."""
    backend = lambda_backends[target.version.account][target.version.region]
    for statement in backend.get_function(target.version.function).policy.statements:
        condition = statement.get("Condition") or {}
        source = (condition.get("ArnLike") or {}).get("AWS:SourceArn", "*")
        principal = statement.get("Principal")
        service = principal.get("Service") if isinstance(principal, dict) else principal
        if (
            statement["Resource"] == target.invoked_arn
            and service in ("events.amazonaws.com", "*")
            and statement["Action"] in ("lambda:InvokeFunction", "lambda:*")
            and fnmatch.fnmatch(schedule.arn, source)
        ):
            return True
    return False


def _event(schedule: Schedule, due: datetime) -> bytes:
    """The target's own input, or the standard event, or what the target makes of it."""
    target = schedule.target
    if target.get("Input"):
        return str(target["Input"]).encode()
    standard: dict[str, Any] = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": schedule.source,
        "account": schedule.account,
        "time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "region": schedule.region,
        "resources": [schedule.arn],
        "detail": {} if schedule.source == "aws.events" else "{}",
    }
    if target.get("InputPath"):
        return json.dumps(_at_path(standard, target["InputPath"])).encode()
    if target.get("InputTransformer"):
        return _transformed(standard, target["InputTransformer"])
    return json.dumps(standard).encode()


def _transformed(standard: dict[str, Any], transformer: dict[str, Any]) -> bytes:
    """The template with <name> replaced by the JSON of what the name's path leads to."""
    values = {name: _at_path(standard, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    filled = re.sub(r"<([\w-]+)>", lambda found: json.dumps(values.get(found[1])), transformer["InputTemplate"])
    return filled.encode()


def _at_path(value: Any, path: str) -> Any:
    for name in path.removeprefix("$").split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value
