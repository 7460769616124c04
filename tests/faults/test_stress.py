"""Everything at once, from a seed: submissions, cancels, retries, lost leases, kills. Nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from foundry.accounts.caller import Caller, account
from foundry.core.cancel import cancel
from foundry.core.drafts import Draft
from foundry.core.errors import NotAllowedNowError
from foundry.core.models import Attempt, Job, Result, ServiceRequest
from foundry.core.retry import retry
from foundry.core.submit import Submission, submit
from foundry.core.sweep import sweep
from tests.dispatch.conftest import database_url

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("FOUNDRY_STRESS_SEED", "20260"))
SECONDS = float(os.environ.get("FOUNDRY_STRESS_SECONDS", "12"))
SUBMITTERS, WORKERS, SLOTS = 2, 2, 3
DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"

#: Each finds what must not be. The first two hold at any moment, the others once everything has ended.
ALWAYS = {
    "a running job without its running attempt": """
        SELECT job.id FROM core_job AS job LEFT JOIN core_attempt AS attempt
            ON attempt.job_id = job.id AND attempt.number = job.attempt AND attempt.state = 'running'
        WHERE job.state = 'running' AND attempt.id IS NULL""",
    "a running attempt of a job that does not run it": """
        SELECT attempt.id FROM core_attempt AS attempt JOIN core_job AS job ON job.id = attempt.job_id
        WHERE attempt.state = 'running' AND (job.state <> 'running' OR job.attempt <> attempt.number)""",
    "a job whose counts are not those of its results": """
        SELECT job.id FROM core_job AS job
        LEFT JOIN core_item AS item ON item.job_id = job.id
        LEFT JOIN core_result AS result ON result.request_id = item.request_id AND result.position = item.position
        GROUP BY job.id HAVING job.items <> count(item.position)
            OR job.items_succeeded <> count(*) FILTER (WHERE result.state = 'succeeded')
            OR job.items_failed <> count(*) FILTER (WHERE result.state = 'failed')""",
    "attempts with gaps in their numbers": """
        SELECT job.id FROM core_job AS job LEFT JOIN core_attempt AS attempt ON attempt.job_id = job.id
        GROUP BY job.id
        HAVING count(attempt.id) <> job.attempt OR coalesce(max(attempt.number), 0) <> job.attempt""",
    "a request without all of its items": """
        SELECT request.id FROM core_servicerequest AS request
        LEFT JOIN core_item AS item ON item.request_id = request.id
        GROUP BY request.id HAVING count(item.position) <> request.item_count""",
    "a result of an attempt at another job": """
        SELECT result.position FROM core_result AS result
        JOIN core_item AS item ON item.request_id = result.request_id AND item.position = result.position
        JOIN core_attempt AS attempt ON attempt.id = result.attempt_id
        WHERE attempt.job_id <> item.job_id""",
    "a result that is not its item's": """
        SELECT result.position FROM core_result AS result
        JOIN core_item AS item ON item.request_id = result.request_id AND item.position = result.position
        WHERE result.state = 'succeeded' AND (result.values::json ->> 'number') <> (item.input::json ->> 'number')""",
    "an item that fails with a result, or the other way": """
        SELECT result.position FROM core_result AS result
        JOIN core_item AS item ON item.request_id = result.request_id AND item.position = result.position
        WHERE item.input::json ->> 'do' IN ('err', 'die') AND result.state = 'succeeded'""",
}
IN_THE_END = {
    "a job that has not ended": "SELECT id FROM core_job WHERE state IN ('queued', 'running')",
    "an attempt that has not ended": "SELECT id FROM core_attempt WHERE state = 'running'",
    "an item that got lost": """
        SELECT item.position FROM core_item AS item JOIN core_job AS job ON job.id = item.job_id
        WHERE job.state <> 'cancelled' AND NOT EXISTS (
            SELECT FROM core_result AS result
            WHERE result.request_id = item.request_id AND result.position = item.position)""",
    "a sound item that failed, though its job was never at its last try": """
        SELECT item.position FROM core_result AS result
        JOIN core_item AS item ON item.request_id = result.request_id AND item.position = result.position
        JOIN core_job AS job ON job.id = item.job_id
        WHERE result.state = 'failed' AND item.input::json ->> 'do' = 'echo' AND job.failures < job.attempt_limit - 1
            AND result.error::json ->> 'code' NOT IN ('slot_died', 'timeout')""",
}


def broken(invariants: dict[str, str]) -> dict[str, list[object]]:
    """What was found that must not be, all in one snapshot."""
    found = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for name, statement in invariants.items():
            cursor.execute(f"{statement} LIMIT 5")
            if rows := cursor.fetchall():
                found[name] = rows
    return found


class Workers:
    """Real `manage.py worker` processes, each replaced when it is ended."""

    def __init__(self) -> None:
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "FOUNDRY_DISPATCHER": DISPATCHER,
            "FOUNDRY_LOG_LEVEL": "ERROR",
        }
        self._processes = [self._start() for _ in range(WORKERS)]

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "worker", "--slots", str(SLOTS)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=quiet, stderr=quiet, start_new_session=True
        )

    def replace(self, which: int, number: signal.Signals) -> None:
        self._processes[which].send_signal(number)
        self._processes[which].wait(20)
        self._processes[which] = self._start()

    def kill_slot(self, chance: random.Random) -> bool:
        """One that computes, if there is one."""
        names = sorted(Attempt.objects.filter(state="running").values_list("slot", flat=True))
        ours = [process.pid for process in self._processes]
        for name in chance.sample(names, len(names)):
            try:
                slot = psutil.Process(int(name.rpartition(":")[2]))
                if slot.ppid() in ours:
                    slot.kill()
                    return True
            except psutil.NoSuchProcess:
                continue
        return False

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def workers(transactional_db: None, settings) -> Iterator[Workers]:
    settings.FOUNDRY_DISPATCHER = DISPATCHER
    started = Workers()
    yield started
    started.end()


class Submitter(threading.Thread):
    """Submits, cancels and retries until told to stop. Both submitters use the same idempotency keys now and then."""

    def __init__(self, number: int, stop: threading.Event) -> None:
        super().__init__()
        self._chance = random.Random(f"{SEED} submitter {number}")
        self._caller = Caller(*account(f"engineer {number}", "team"), scopes=frozenset())
        self._stop_event = stop
        self.did: Counter[str] = Counter()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stop_event.wait(self._chance.uniform(0, 0.15)):
                self._act()
        except BaseException as error:
            self.error = error
        finally:
            connection.close()

    def _act(self) -> None:
        what = self._chance.choices(["submit", "cancel", "retry"], [7, 1, 2])[0]
        if what == "submit":
            self._submit()
        elif request := self._any_request(with_failures=what == "retry"):
            try:
                cancel(request=request.pk) if what == "cancel" else retry(request=request)
            except NotAllowedNowError:
                what += " too late"
        self.did[what] += 1

    def _submit(self) -> None:
        items = [Draft(values=self._item(number)) for number in range(self._chance.randint(1, 25))]
        service = self._chance.choice(["toy", "toy", "toy-saving", "toy-hasty"])
        priority = self._chance.randint(-2, 2)
        submit(caller=self._caller, submission=Submission(service=service, items=items, priority=priority))
        # The same for both, so that it may come twice at once.
        twin = Submission(service="toy", items=[Draft(values={"number": 7})], idempotency_key=f"{time.time():.0f}")
        self.did["replayed"] += submit(caller=self._caller, submission=twin).replayed

    def _item(self, number: int) -> dict[str, object]:
        do = self._chance.choices(["echo", "err", "raise", "die"], [90, 4, 3, 1])[0]
        return {"do": do, "number": number, "seconds": round(self._chance.uniform(0, 0.05), 3)}

    def _any_request(self, *, with_failures: bool) -> ServiceRequest | None:
        found = ServiceRequest.objects.order_by("created_at")
        if with_failures:
            found = found.filter(Exists(Result.objects.filter(request=OuterRef("pk"), state="failed")))
        return self._chance.choice(found) if found else None


def expire_a_lease(chance: random.Random) -> bool:
    """As if a slot had been silent for its whole lease, though it may live."""
    running = sorted(Job.objects.filter(state="running").values_list("pk", flat=True))
    if not running:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_job SET lease_until = now() - interval '1 second' WHERE id = %s AND state = 'running'",
            [chance.choice(running)],
        )
    return sweep().expired > 0


def disturb(workers: Workers, chance: random.Random) -> str:
    """Do one bad thing; its name."""
    what = chance.choices(["slot killed", "lease expired", "worker killed", "worker stopped"], [8, 8, 1, 1])[0]
    match what:
        case "slot killed":
            done = workers.kill_slot(chance)
        case "lease expired":
            done = expire_a_lease(chance)
        case "worker killed":
            done = workers.replace(chance.randrange(WORKERS), signal.SIGKILL) is None
        case _:
            done = workers.replace(chance.randrange(WORKERS), signal.SIGTERM) is None
    return what if done else f"{what}: nothing ran"


def wait_for(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def drain(seconds: float = 90) -> None:
    """Until all has ended. What a dead slot held comes back at once, not after its lease."""
    deadline = time.monotonic() + seconds
    while Job.objects.filter(state__in=["queued", "running"]).exists():
        assert time.monotonic() < deadline, Counter(Job.objects.values_list("state", flat=True))
        with connection.cursor() as cursor:
            cursor.execute("UPDATE core_job SET available_at = now() WHERE state = 'queued' AND available_at > now()")
        sweep()
        time.sleep(0.2)


@contextmanager
def submitting() -> Iterator[list[Submitter]]:
    """Meanwhile, and not a moment longer."""
    stop = threading.Event()
    submitters = [Submitter(number, stop) for number in range(SUBMITTERS)]
    for submitter in submitters:
        submitter.start()
    try:
        yield submitters
    finally:
        stop.set()
        for submitter in submitters:
            submitter.join()


def test_nothing_is_lost_or_doubled_whatever_dies(workers, capsys):
    chance, did = random.Random(SEED), Counter[str]()
    with submitting() as submitters:
        wait_for(Attempt.objects.exists)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(chance.uniform(0, 0.3))
            did[disturb(workers, chance)] += 1
            assert broken(ALWAYS) == {}
    for submitter in submitters:
        assert submitter.error is None
        did += submitter.did
    drain()
    assert broken(ALWAYS | IN_THE_END) == {}
    states = Counter(Job.objects.values_list("state", flat=True))
    attempts = Counter(Attempt.objects.values_list("state", flat=True))
    with capsys.disabled():
        sys.stdout.write(f"\nstress, seed {SEED}: {dict(did)}; jobs {dict(states)}; attempts {dict(attempts)}\n")
    # It was a stress: all of it happened.
    assert min(did[what] for what in ("slot killed", "lease expired", "cancel", "retry", "replayed")) > 0
    assert min(states[state] for state in ("succeeded", "cancelled")) > 0
    assert attempts["failed"] > 0
