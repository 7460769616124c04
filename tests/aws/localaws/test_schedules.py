"""Schedules: EventBridge's expressions, and rules that fire."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.aws.localaws.conftest import Function, package
from tests.localaws import LocalAws
from tests.localaws.expressions import UnknownExpression, after

#: A Tuesday.
NOW = datetime(2026, 3, 10, 14, 25, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 minute)", "2026-03-10 14:26:30"),
        ("rate(5 minutes)", "2026-03-10 14:30:30"),
        ("rate(12 hours)", "2026-03-11 02:25:30"),
        ("rate(7 days)", "2026-03-17 14:25:30"),
        ("cron(* * * * ? *)", "2026-03-10 14:26:00"),
        ("cron(0/15 * * * ? *)", "2026-03-10 14:30:00"),
        ("cron(0 10 * * ? *)", "2026-03-11 10:00:00"),
        ("cron(15 12 ? * MON-FRI *)", "2026-03-11 12:15:00"),
        ("cron(0 8 1 * ? *)", "2026-04-01 08:00:00"),
        ("cron(0 8 L * ? *)", "2026-03-31 08:00:00"),
        ("cron(5 8-17/3 ? * MON,TUE *)", "2026-03-10 17:05:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-04-06 09:00:00"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29 00:00:00"),
        ("cron(0 0 1 1 ? 2030)", "2030-01-01 00:00:00"),
        ("cron(0 0 1 1 ? 2020)", None),
        ("at(2026-03-10T14:25:31)", "2026-03-10 14:25:31"),
        ("at(2026-03-10T14:25:30)", None),
    ],
)
def test_an_expression_is_due(expression: str, due: str | None) -> None:
    assert after(expression, NOW) == (datetime.fromisoformat(f"{due}+00:00") if due else None)


@pytest.mark.parametrize(
    "expression",
    ["rate(0 minutes)", "rate(5)", "rate(1 week)", "cron(* * * * *)", "cron(* * * * * *)", "cron(0 0 ? * ? *)",
     "cron(60 * * * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 ? * XXX *)", "at(tomorrow)", "every minute"],
)  # fmt: skip
def test_nonsense_is_not_understood(expression: str) -> None:
    with pytest.raises(UnknownExpression):
        after(expression, NOW)


@pytest.fixture(scope="module")
def ticker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    """A function that prints its events, where a minute takes half a second."""
    with LocalAws(home=tmp_path_factory.mktemp("schedules"), environments=1, minute_seconds=0.5) as aws:
        role = aws.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        aws.client("lambda").create_function(
            FunctionName="ticker",
            Runtime="python3.13",
            Role=role,
            Handler="handler.handle",
            Code={"ZipFile": package("import json\ndef handle(event, context): print('EVENT', json.dumps(event))")},
        )
        yield Function(aws, "ticker")


@pytest.fixture
def schedule(ticker: Function) -> Iterator[Callable[..., str]]:
    """Makes a rule for the function; it is gone after the test."""
    events, names = ticker.aws.client("events"), []

    def make(expression: str = "rate(1 minute)", *, permitted: bool = True, **target: Any) -> str:
        names.append(f"rule-{time.monotonic_ns()}")
        rule = events.put_rule(Name=names[-1], ScheduleExpression=expression)["RuleArn"]
        if permitted:
            ticker.client.add_permission(
                FunctionName="ticker", StatementId=names[-1], Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com", SourceArn=rule,
            )  # fmt: skip
        arn = ticker.client.get_function(FunctionName="ticker")["Configuration"]["FunctionArn"]
        events.put_targets(Rule=names[-1], Targets=[{"Id": "1", "Arn": arn, **target}])
        return str(rule)

    yield make
    for name in names:
        events.remove_targets(Rule=name, Ids=["1"])
        events.delete_rule(Name=name)


def received(ticker: Function, which: Callable[[Any], bool], count: int = 1) -> list[Any]:
    """The first `count` events of that kind, as the function printed them."""
    logs, deadline = ticker.aws.client("logs"), time.monotonic() + 10
    while time.monotonic() < deadline:
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        if "/aws/lambda/ticker" in groups:
            printed = logs.filter_log_events(logGroupName="/aws/lambda/ticker")["events"]
            lines = [event["message"] for event in printed if event["message"].startswith("EVENT ")]
            events = [event for event in map(json.loads, (line[6:] for line in lines)) if which(event)]
            if len(events) >= count:
                return events[:count]
        time.sleep(0.05)
    raise AssertionError("No such event came.")


def test_a_rule_fires_again_and_again_with_the_standard_event(ticker: Function, schedule: Callable[..., str]) -> None:
    rule = schedule()
    first, second = received(ticker, lambda event: event.get("resources") == [rule], 2)

    assert first["detail-type"] == "Scheduled Event"
    assert first["source"] == "aws.events"
    assert (first["region"], first["detail"]) == ("us-east-1", {})
    assert datetime.fromisoformat(second["time"]) - datetime.fromisoformat(first["time"]) == timedelta(minutes=1)


def test_a_rules_input_is_the_event(ticker: Function, schedule: Callable[..., str]) -> None:
    schedule("cron(* * * * ? *)", Input='{"sweep": true}')

    assert received(ticker, lambda event: "sweep" in event) == [{"sweep": True}]


def test_a_rule_can_rewrite_its_event(ticker: Function, schedule: Callable[..., str]) -> None:
    """As zappa's do."""
    transformer = {
        "InputPathsMap": {"when": "$.time", "of": "$.resources"},
        "InputTemplate": '{"rewritten": <when>, "of": <of>, "kwargs": {}}',
    }
    rule = schedule(InputTransformer=transformer)

    (event,) = received(ticker, lambda event: "rewritten" in event)
    assert event["of"] == [rule]
    assert datetime.fromisoformat(event["rewritten"])


def test_a_rule_without_permission_fails(ticker: Function, schedule: Callable[..., str]) -> None:
    rule = schedule(permitted=False)
    deadline = time.monotonic() + 10
    failed: list[Any] = []
    while not failed and time.monotonic() < deadline:
        failed = [entry for entry in ticker.aws.journal() if entry.get("schedule") == rule]
        time.sleep(0.05)

    assert {(entry["what"], entry["why"]) for entry in failed} == {("schedule failed", "not permitted")}


def test_a_schedulers_schedule_fires(ticker: Function) -> None:
    arn = ticker.client.get_function(FunctionName="ticker")["Configuration"]["FunctionArn"]
    scheduler = ticker.aws.client("scheduler")
    scheduler.create_schedule(
        Name="nightly",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/function", "Input": '{"by": "scheduler"}'},
    )

    assert received(ticker, lambda event: event.get("by") == "scheduler", 2) == [{"by": "scheduler"}] * 2
    scheduler.delete_schedule(Name="nightly")
