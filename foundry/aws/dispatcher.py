"""Dispatch on Lambda: a slot is an asynchronous invocation of the release, sent through Zappa."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from foundry.aws.stand_in import import_without_boto3

logger = logging.getLogger(__name__)

#: Invocations asked for at the same time; each takes some ten milliseconds.
_AT_ONCE = 16


class LambdaDispatcher:
    """Invokes `function:version`, which is what a release is called on Lambda."""

    def dispatch(self, *, service: str, release: str, slots: int) -> None:
        """Ask for that many invocations. Once one is refused, as when throttled, the rest wait for the sweep."""
        task = _task(release)

        def invoke(_: int) -> None:
            task(service=service, release=release)

        with ThreadPoolExecutor(min(slots, _AT_ONCE)) as pool:
            sent = [pool.submit(invoke, slot) for slot in range(slots)]
            for one in as_completed(sent):
                if error := one.exception():
                    pool.shutdown(wait=False, cancel_futures=True)
                    logger.warning("%s: an invocation was refused; the sweep will repeat it: %s", release, error)
                    return


def _task(release: str) -> Any:
    from foundry.aws.task import work  # which dispatches too

    return as_task(work, release)


def as_task(function: Callable[..., object], release: str) -> Any:
    """The function as a task of Zappa's, which runs on that version of that Lambda function when it is called."""
    return _zappa().task(service="lambda", remote_aws_lambda_function_name=release)(function)


@functools.cache
def _zappa() -> Any:
    """Zappa's asynchronous side, with the one client that it needs here, and one that does not wait for long."""
    zappa = import_without_boto3("zappa.asynchronous")
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 2}, max_pool_connections=_AT_ONCE
    )
    zappa.LAMBDA_CLIENT = boto3.client("lambda", config=config)
    return zappa
