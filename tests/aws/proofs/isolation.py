"""Services that crash, hang and flood beside one that is well, each in its own function; what the last notices."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.aws.proofs.platform import Platform, platform

API = "isolation"
HEALTHY, CRASHING, HANGING, FLOODING = "toy-saving", "toy", "toy-hasty", "toy-busy"
#: Of each service's function: its timeout in seconds and its reserved concurrency.
FUNCTIONS = {HEALTHY: (60, 2), CRASHING: (45, 4), HANGING: (13, 2), FLOODING: (90, 4)}
FLOOD = 5_000
_AT_A_TIME = 1_000
_SECONDS = 0.1


@dataclasses.dataclass(frozen=True)
class Figures:
    """Seconds from accepting a request of one item to its result."""

    alone: list[float]
    beside: list[float]
    flood: list[str]

    @property
    def ratio(self) -> float:
        return p95(self.beside) / p95(self.alone)


@contextlib.contextmanager
def deployed(home: Path, code: bytes) -> Iterator[Platform]:
    """The API and the services' functions, all of one package."""
    with platform(home, environments=24, retry_seconds=0.5) as platform_:
        platform_.create(API, code, memory=1024, seconds=30, variables={})
        platform_.manage("migrate --noinput", API)
        for service, (seconds, concurrency) in FUNCTIONS.items():
            name = f"{API}-{service}"
            platform_.create(name, code, memory=512, seconds=seconds, variables={"FOUNDRY_SERVICE": service})
            platform_.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=concurrency)
            platform_.manage(f"releases record {name}:1 --service {service} --by test", API)
        yield platform_


def measure(platform_: Platform, requests: int) -> Figures:
    """The healthy service alone, and beside the others while they do their worst."""
    latencies(platform_, 5)  # everything is warm
    alone = latencies(platform_, requests)
    flood = [
        submit(platform_, FLOODING, [{"number": n, "seconds": 0.005} for n in range(start, start + _AT_A_TIME)])
        for start in range(0, FLOOD, _AT_A_TIME)
    ]
    submit(platform_, CRASHING, [{"do": "die", "number": n} for n in range(30)])
    submit(platform_, HANGING, [{"seconds": 600, "number": n} for n in range(4)])
    return Figures(alone, latencies(platform_, requests), flood)


def submit(platform_: Platform, service: str, items: list[dict[str, Any]]) -> str:
    answer = platform_.invoke(API, {"service": service, "items": items})
    assert answer["status"] == 202, answer
    return str(answer["id"])


def latencies(platform_: Platform, count: int) -> list[float]:
    """Of that many requests, one after the other."""
    ids = []
    for number in range(count):
        ids.append(submit(platform_, HEALTHY, [{"number": number, "seconds": _SECONDS}]))
        platform_.wait("SELECT 1 FROM core_job WHERE request_id = %s AND finished_at IS NOT NULL", ids[-1])
    rows = platform_.sql(
        "SELECT extract(epoch FROM job.finished_at - request.created_at), job.state FROM core_job AS job"
        " JOIN core_servicerequest AS request ON request.id = request_id WHERE request_id = ANY(%s::uuid[])",
        ids,
    )
    assert {state for _, state in rows} == {"succeeded"}
    return [float(seconds) for seconds, _ in rows]


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


@contextlib.contextmanager
def others_on_spare_time(aws_pid: int) -> Iterator[None]:
    """Lambda gives each environment processor time of its own; here the other services' get what nobody else wants."""
    over = threading.Event()
    thread = threading.Thread(target=_lower, args=(aws_pid, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _lower(aws_pid: int, over: threading.Event) -> None:
    others = {f"{API}-{service}" for service in (CRASHING, HANGING, FLOODING)}
    while not over.wait(0.02):
        for process in psutil.Process(aws_pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.nice() == 0 and process.environ().get("AWS_LAMBDA_FUNCTION_NAME") in others:
                    process.nice(19)
