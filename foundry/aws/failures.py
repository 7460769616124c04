"""Failures: Lambda tells in a queue which invocations came to a bad end; those that were slots have lost their jobs.

A slot cannot tell itself that it crashed, ran out of memory or was killed at its function's timeout, and nobody watches
it. The queue does, within seconds, where its lease would run for as long as the invocation might have.
"""

from __future__ import annotations

import functools
import json
import logging
import re
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError

from foundry.aws.events import RefusedEventError, Work, recognise
from foundry.core import finish
from foundry.core.compute import close_connection
from foundry.core.models import Attempt, Job, JobState

logger = logging.getLogger(__name__)

#: Of one sweep, which has other things to do; what is left waits for the next.
_MOST_MESSAGES = 500
_MOST_S = 10.0
#: Messages are hidden for so long: no sweep takes one twice, and the next sweep and people see what was left.
_HIDDEN_S = 15
#: Asking without patience asks some of SQS's servers only. Patience costs, so it is for when somebody needs it.
_PATIENCE_S = 1
#: SQS hands out and deletes no more at once.
_BATCH = 10


def take() -> int:
    """Fail what slots had in hand whose end the queue tells. Returns how many jobs.

    Other messages stay for people. The queue being out of reach is logged, for the sweep has to go on.
    """
    if not settings.FOUNDRY_FAILURE_QUEUE:
        return 0
    try:
        return sum(_fail_all(messages) for messages in _batches())
    except Exception:
        logger.exception("The failure queue was not read; jobs of slots that died come back when their leases run out")
        close_connection()
        return 0


def _batches() -> Iterator[list[dict[str, Any]]]:
    client, url = _queue()
    patience_s = _PATIENCE_S if Job.objects.filter(state=JobState.RUNNING).exists() else 0
    deadline = time.monotonic() + _MOST_S
    for _ in range(_MOST_MESSAGES // _BATCH):
        if time.monotonic() > deadline:
            return
        answer = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=_HIDDEN_S, WaitTimeSeconds=patience_s
        )
        if not answer.get("Messages"):
            return
        yield answer["Messages"]


@functools.cache
def _queue() -> tuple[Any, str]:
    """SQS's client and the queue's address. One that does not wait for long, the sweep goes on without."""
    import boto3
    from botocore.config import Config

    _, _, _, region, account, name = settings.FOUNDRY_FAILURE_QUEUE.split(":")
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
    client = boto3.client("sqs", region_name=region, config=config)
    return client, client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]


def _fail_all(messages: list[dict[str, Any]]) -> int:
    """A message is deleted when what it says is done: one that comes twice changes nothing."""
    failed = 0
    done: list[dict[str, str]] = []
    for message in messages:
        try:
            jobs = _fail(message["Body"])
        except (OperationalError, InterfaceError):
            raise
        except (DatabaseError, ValueError, RecursionError):
            logger.exception("A message of the failure queue was not understood: %.1000s", message["Body"])
            continue
        if jobs is not None:
            failed += jobs
            done.append({"Id": str(len(done)), "ReceiptHandle": message["ReceiptHandle"]})
    if done:
        client, url = _queue()
        client.delete_message_batch(QueueUrl=url, Entries=done)
    return failed


def _fail(body: str) -> int | None:
    """How many jobs the slot had that the message is about; None if it is not about a slot."""
    record = json.loads(body)
    try:
        slot = record["requestContext"]["requestId"]
        asked = recognise(record["requestPayload"])
    except (TypeError, KeyError, RefusedEventError):
        return None
    if not isinstance(asked, Work) or not isinstance(slot, str):
        return None
    error, while_it_computed = _end(slot, asked, record.get("responsePayload"))
    jobs = finish.fail_slot(slot, error=error, while_it_computed=while_it_computed)
    condition = record["requestContext"].get("condition")
    logger.warning("Slot %s of %s had %s jobs: %s (%s)", slot, asked.release, jobs, error.message, condition)
    return jobs


def _end(slot: str, asked: Work, told: Any) -> tuple[finish.AttemptError, bool]:
    """What happened, for people, and whether the process was ended in the middle of something, as a service may be."""
    told = told if isinstance(told, dict) else {}
    kind, said = _text(told.get("errorType")), _text(told.get("errorMessage"))
    function, _, _ = asked.release.partition(":")
    fewer = "Submit fewer or smaller items at a time."
    if found := re.search(r"timed out after ([\d.]+) seconds", said):
        message = f"The computation was ended after {float(found[1]):g} seconds, the limit of {function}. {fewer}"
        return finish.AttemptError(code="timeout", message=message), True
    if kind == "Runtime.OutOfMemory":
        message = f"The computation was ended since it took more memory than {_memory(slot)} of {function}. {fewer}"
        return finish.AttemptError(code="out_of_memory", message=message), True
    if kind == "Runtime.ExitError":
        how = re.search(r"exited with error: (.+)", said)
        message = f"The computation was lost: its process ended{f' ({how[1]})' if how else ''}."
        return finish.AttemptError(code="slot_died", message=message), True
    message = f"The computation was lost: its invocation failed{f' ({kind})' if kind else ''}."
    trace = told.get("stackTrace")
    lines = [*map(_text, trace if isinstance(trace, list) else []), f"{kind}: {said}"]
    return finish.AttemptError(code="slot_died", message=message, traceback="".join(lines)[-4000:]), False


def _memory(slot: str) -> str:
    """What the slot's function has, as far as its attempts know."""
    running = Attempt.objects.filter(slot=slot, state="running", job__state=JobState.RUNNING)
    memory_mb = running.values_list("memory_mb", flat=True).first()
    return f"the {memory_mb} MB" if memory_mb else "the limit"


def _text(value: Any) -> str:
    """As the database takes it: an exception's message may quote half a character."""
    return str(value or "").encode(errors="replace").decode()
