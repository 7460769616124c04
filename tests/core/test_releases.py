"""Releases: new jobs go to the live one, those accepted before stay, and what cannot be is refused in SQL."""

import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from foundry import catalog
from foundry.core import finish, release_table, releases
from foundry.core.cancel import cancel
from foundry.core.claim import claim
from foundry.core.errors import NotAllowedNowError
from foundry.core.models import Job, Release, ReleaseChange, ReleaseState
from foundry.core.retry import retry
from foundry.core.sweep import nudge_waiting, sweep
from foundry.core.work import Slot, perform, work

pytestmark = pytest.mark.django_db

ERROR = finish.AttemptError(code="test", message="It broke.")
ONE, TWO, THREE = (f"toy-function:{version}" for version in (1, 2, 3))


@pytest.fixture(autouse=True)
def no_slots(settings):
    """Jobs wait until a test takes them."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"


def record(name, service="toy", **more):
    return releases.record(service=service, name=name, by="ci", **more)


def change(what, name, **more):
    return what(service="toy", name=name, by="ada", **more)


def take(release):
    return claim(service=catalog.get("toy"), release=release, slot="s", lease=timedelta(seconds=60))


def compute(release):
    Job.objects.update(available_at="2020-01-01T00:00Z")
    perform(catalog.get("toy"), take(release))


def states(service="toy"):
    return dict(Release.objects.filter(service=service).values_list("name", "state"))


# Where new jobs go.


def test_without_a_release_new_jobs_go_to_the_processs_own(make_job, settings):
    settings.FOUNDRY_RELEASE = "foundry-development:$LATEST"
    record(ONE, service="toy-saving")
    assert make_job().release == "foundry-development:$LATEST"


def test_new_jobs_go_to_the_live_release_and_those_accepted_before_stay(make_job):
    record(ONE, commit="abc")
    before = make_job()
    record(TWO)
    after = make_job()
    assert (before.release, after.release) == (ONE, TWO)
    assert states() == {ONE: "draining", TWO: "live"}
    claimed = take(ONE)
    finish.fail(claimed.job, claimed.attempt, error=ERROR)
    compute(ONE)
    before.refresh_from_db()
    assert (before.state, before.attempt, before.release) == ("succeeded", 2, ONE)


def test_the_release_is_recorded_with_what_is_known_of_it(make_job):
    found = record(ONE, commit="abc")
    assert (found.function, found.version, found.service_version) == ("toy-function", "1", "1.0")
    assert (found.commit, found.recorded_by, found.state, found.share) == ("abc", "ci", "live", None)


def test_recording_the_live_release_again_changes_nothing(make_job):
    record(ONE)
    record(ONE)
    assert ReleaseChange.objects.count() == 1


def test_a_users_retry_goes_to_the_live_release(make_request):
    record(ONE)
    request = make_request({"do": "err"}, {"number": 1})
    compute(ONE)
    record(TWO)
    retry(request=request)
    assert sorted(request.jobs.values_list("release", flat=True)) == [ONE, TWO]


def test_choosing_a_release_takes_one_query(make_request):
    def queries():
        with CaptureQueriesContext(connection) as counted:
            make_request(*({"number": number} for number in range(20)))
        return len([query for query in counted if "core_release" in query["sql"]])

    without = queries()
    record(ONE)
    record(TWO, share=0.5)
    assert (without, queries()) == (1, 1)


# Candidates.


@pytest.mark.parametrize(("share", "expected"), [(0, ONE), (1, TWO)])
def test_a_candidate_gets_its_share(make_job, share, expected):
    record(ONE)
    record(TWO, share=share)
    assert {make_job().release for _ in range(5)} == {expected}


def test_a_share_is_of_requests():
    random.seed(20261122)
    record(ONE)
    record(TWO, share=0.25)
    chosen = Counter(releases.choose("toy") for _ in range(1000))
    assert 200 < chosen[TWO] < 300
    assert chosen[ONE] + chosen[TWO] == 1000


def test_all_jobs_of_a_request_are_on_one_release(make_request):
    record(ONE)
    record(TWO, share=0.5)
    for _ in range(10):
        request = make_request(*({"number": number} for number in range(20)))
        assert request.jobs.count() > 3
        assert request.jobs.values("release").distinct().count() == 1


def test_a_candidate_is_promoted(make_job):
    record(ONE)
    record(TWO, share=0)
    change(releases.promote, TWO)
    assert states() == {ONE: "draining", TWO: "live"}
    assert make_job().release == TWO


def test_a_candidate_is_withdrawn_and_finishes_what_it_has(make_job):
    record(ONE)
    record(TWO, share=1)
    job = make_job()
    change(releases.withdraw, TWO)
    assert make_job().release == ONE
    assert sweep().retired == 0
    compute(TWO)
    job.refresh_from_db()
    assert (job.state, sweep().retired, states()) == ("succeeded", 1, {ONE: "live", TWO: "retired"})


def test_a_candidates_share_is_shifted(make_job):
    record(ONE)
    record(TWO, share=0)
    change(releases.shift, TWO, share=1)
    assert make_job().release == TWO


def test_a_candidate_without_a_live_release_to_share_with_is_live(make_job):
    record(ONE, share=0.1)
    assert states() == {ONE: "live"}
    assert make_job().release == ONE


def test_there_is_one_candidate_at_a_time():
    record(ONE)
    record(TWO, share=0.1)
    with pytest.raises(NotAllowedNowError, match="has the candidate toy-function:2"):
        record(THREE, share=0.1)
    record(TWO, share=0.2)
    assert Release.objects.get(name=TWO).share == 0.2


def test_a_deployment_that_changed_nothing_leaves_the_live_release_as_it_is():
    record(ONE)
    record(ONE, share=0.1)
    change(releases.shift, ONE, share=0.5)
    change(releases.promote, ONE)
    assert states() == {ONE: "live"}


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(share):
    record(ONE)
    with pytest.raises(ValueError, match="from 0 to 1"):
        record(TWO, share=share)


@pytest.mark.parametrize("name", ["toy-function", "toy-function:$LATEST", "a b:1", ":1", "toy:1:2", "x" * 65 + ":1"])
def test_a_release_is_a_function_and_a_published_version(name):
    with pytest.raises(ValueError, match="names no release"):
        record(name)


def test_only_a_candidate_is_promoted_or_withdrawn():
    record(ONE)
    with pytest.raises(NotAllowedNowError, match="is live for toy, not candidate"):
        change(releases.withdraw, ONE)
    record(TWO)
    with pytest.raises(NotAllowedNowError, match="is draining for toy, not candidate"):
        change(releases.promote, ONE)
    for what in (releases.promote, releases.withdraw):
        with pytest.raises(NotAllowedNowError, match="no release"):
            change(what, THREE)


# Rolling back.


def test_rollback_makes_the_release_before_live_again(make_job):
    record(ONE)
    record(TWO)
    on_two = make_job()
    releases.rollback(service="toy", by="ada")
    assert states() == {ONE: "live", TWO: "draining"}
    assert (on_two.release, make_job().release) == (TWO, ONE)


def test_rolling_back_twice_goes_two_back_even_if_retired():
    for name in (ONE, TWO, THREE):
        record(name)
    assert sweep().retired == 2
    releases.rollback(service="toy", by="ada")
    releases.rollback(service="toy", by="ada")
    assert states()[ONE] == "live"


def test_rollback_passes_over_what_was_never_live_or_is_pruned():
    record(ONE)
    record(TWO)
    record(THREE, share=0.5)
    change(releases.withdraw, THREE)
    four = record("toy-function:4")
    assert releases.rollback(service="toy", by="ada").name == TWO
    sweep()
    change(releases.rollback, four.name)
    sweep()
    releases.mark_pruned(name=TWO, by="ci")
    assert releases.rollback(service="toy", by="ada").name == ONE


def test_rollback_withdraws_a_candidate_and_leaves_the_live_release_alone(make_job):
    record(ONE)
    record(TWO)
    record(THREE, share=1)
    assert releases.rollback(service="toy", by="ada").name == TWO
    assert states() == {ONE: "draining", TWO: "live", THREE: "draining"}
    assert make_job().release == TWO
    releases.rollback(service="toy", by="ada")
    assert states() == {ONE: "live", TWO: "draining", THREE: "draining"}


@pytest.mark.parametrize("name", [ONE, TWO])
def test_rollback_to_a_release_withdraws_a_candidate_too(make_job, name):
    record(ONE)
    record(TWO)
    record(THREE, share=1)
    change(releases.rollback, name)
    assert states() == {ONE: "draining", TWO: "draining", THREE: "draining"} | {name: "live"}
    assert make_job().release == name


def test_rollback_to_the_candidate_makes_it_live():
    record(ONE)
    record(TWO, share=0.1)
    change(releases.rollback, TWO)
    assert states() == {ONE: "draining", TWO: "live"}


def test_a_rollback_that_cannot_be_leaves_the_candidate_as_it_was():
    record(ONE)
    record(TWO, share=0.1)
    with pytest.raises(NotAllowedNowError, match="no release 'toy-function:3'"):
        change(releases.rollback, THREE)
    assert states() == {ONE: "live", TWO: "candidate"}


def test_there_must_be_something_to_roll_back_to():
    with pytest.raises(NotAllowedNowError, match="no live release"):
        releases.rollback(service="toy", by="ada")
    record(ONE)
    with pytest.raises(NotAllowedNowError, match="no release before toy-function:1"):
        releases.rollback(service="toy", by="ada")
    assert change(releases.rollback, ONE).state == "live", "as it was"


def test_what_was_pruned_is_never_live_again():
    record(ONE, commit="abc")
    record(TWO)
    sweep()
    releases.mark_pruned(name=ONE, by="ci")
    for again in (lambda: change(releases.rollback, ONE), lambda: record(ONE), lambda: record(ONE, share=0.5)):
        with pytest.raises(NotAllowedNowError, match=r"was pruned; deploy its commit again \(abc\)"):
            again()
    assert states() == {ONE: "retired", TWO: "live"}


# Draining and pruning.


def test_a_release_is_retired_when_the_last_job_on_it_has_ended(make_job):
    record(ONE)
    waiting, running = make_job(), make_job()
    record(TWO)
    claimed = take(ONE)
    assert sweep().retired == 0
    cancel(request=Job.objects.exclude(pk=claimed.job).get(pk__in=[waiting.pk, running.pk]).request_id)
    assert sweep().retired == 0
    perform(catalog.get("toy"), claimed)
    assert sweep().retired == 1


def test_jobs_of_another_service_on_the_same_function_do_not_matter(make_job):
    record(ONE)
    record(ONE, service="toy-saving")
    make_job(service="toy-saving")
    record(TWO)
    assert sweep().retired == 1
    assert states("toy-saving") == {ONE: "live"}


def test_what_is_retired_for_all_services_and_not_kept_is_prunable():
    for name in (ONE, TWO, THREE):
        record(name)
    record(ONE, service="toy-saving")
    sweep()
    assert releases.prunable(keep=0) == [TWO]
    record(TWO, service="toy-saving")
    record(THREE, service="toy-saving")
    sweep()
    assert releases.prunable(keep=0) == [ONE, TWO]
    assert releases.prunable(keep=1) == [ONE]
    assert releases.prunable(keep=2) == []
    releases.mark_pruned(name=ONE, by="ci")
    assert releases.prunable(keep=0) == [TWO]


def test_only_what_is_retired_is_pruned():
    record(ONE)
    for name, why in ((ONE, "is live for toy"), (TWO, "is recorded")):
        with pytest.raises(NotAllowedNowError, match=why):
            releases.mark_pruned(name=name, by="ci")


def test_every_change_is_kept_with_who_made_it():
    record(ONE)
    record(TWO, share=0.1)
    change(releases.shift, TWO, share=0.5)
    change(releases.promote, TWO)
    sweep()
    releases.mark_pruned(name=ONE, by="bob")
    kept = [(one.by, one.release, one.became, one.share) for one in release_table.history(limit=9)]
    assert kept == [
        ("bob", ONE, "pruned", None),
        ("sweep", ONE, "retired", None),
        ("ada", TWO, "live", None),
        ("ada", ONE, "draining", None),
        ("ada", TWO, "candidate", 0.5),
        ("ci", TWO, "candidate", 0.1),
        ("ci", ONE, "live", None),
    ]


# What the database refuses, whoever asks.

_ALLOWED = {
    ("candidate", "live"),
    ("candidate", "draining"),
    ("live", "draining"),
    ("draining", "candidate"),
    ("draining", "live"),
    ("draining", "retired"),
    ("retired", "candidate"),
    ("retired", "live"),
}


def put(release, state):
    with transaction.atomic():
        Release.objects.filter(pk=release.pk).update(state=state, share=0.5 if state == "candidate" else None)


@pytest.mark.parametrize("before", ReleaseState.values)
@pytest.mark.parametrize("after", ReleaseState.values)
def test_only_these_changes_of_state_are_possible(before, after):
    release = record(ONE)
    for state in {"candidate": ["draining"], "retired": ["draining"]}.get(before, []):
        put(release, state)
    put(release, before)
    if before == after or (before, after) in _ALLOWED:
        put(release, after)
    else:
        with pytest.raises(IntegrityError, match="is not a transition"):
            put(release, after)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"share": 0.5}, "release_share_of_a_candidate"),
        ({"state": "draining", "share": 0.5}, "release_share_of_a_candidate"),
        ({"name": "another:1"}, "release_named_by_what_is_invoked"),
        ({"service": "toy-saving"}, "another one now"),
        ({"function": "another", "name": "another:1"}, "another one now"),
        ({"pruned_at": timezone.now()}, "release_pruned_when_retired"),
        ({"state": "lost"}, "is not a transition"),
    ],
)
def test_impossible_releases_are_refused(fields, constraint):
    release = record(ONE)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(**fields)


@pytest.mark.parametrize("state", ["candidate", "live"])
def test_a_service_has_one_live_release_and_one_candidate(state):
    record(ONE)
    record(TWO, share=0.5)
    with pytest.raises(IntegrityError, match=r"one_live_release_per_service|one_candidate_per_service"):
        Release.objects.create(
            service="toy",
            name=THREE,
            function="toy-function",
            version="3",
            state=state,
            share=0.5 if state == "candidate" else None,
        )


def test_a_release_begins_as_candidate_or_live():
    with pytest.raises(IntegrityError, match="begins as"):
        Release.objects.create(service="toy", name=ONE, function="toy-function", version="1", state="draining")


def test_a_release_with_unfinished_jobs_cannot_be_retired(make_job):
    release = record(ONE)
    make_job()
    record(TWO)
    with pytest.raises(IntegrityError, match="unfinished jobs"):
        put(release, "retired")
    take(ONE)
    with pytest.raises(IntegrityError, match="unfinished jobs"):
        put(release, "retired")


def test_what_was_pruned_stays_as_it_is():
    release = record(ONE)
    record(TWO)
    sweep()
    releases.mark_pruned(name=ONE, by="ci")
    for fields in ({"state": "draining", "pruned_at": None}, {"pruned_at": None}):
        with pytest.raises(IntegrityError, match="was pruned"), transaction.atomic():
            Release.objects.filter(pk=release.pk).update(**fields)


# Several at once.


def elsewhere(do):
    """On a connection of its own, while the test's transaction is open."""

    def run():
        try:
            return do()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(timeout=10)


@pytest.mark.django_db(transaction=True)
def test_a_release_that_a_submission_has_just_chosen_is_not_retired(make_request):
    record(ONE)
    with transaction.atomic():
        assert releases.choose("toy") == ONE
        elsewhere(lambda: record(TWO))
        assert elsewhere(releases.retire_drained) == 0
        request = make_request({"number": 1})
        request.jobs.update(release=ONE)  # as it chose
    assert releases.retire_drained() == 0
    compute(ONE)
    assert releases.retire_drained() == 1


@pytest.mark.django_db(transaction=True)
def test_a_release_chosen_while_it_is_replaced_is_not_retired():
    record(ONE)
    with ThreadPoolExecutor(1) as pool:

        def choose_and_wait():
            with transaction.atomic():
                chosen = releases.choose("toy")  # what replaces it is not committed yet
                chose.set()
                done.wait(10)
            connection.close()
            return chosen

        chose, done = Event(), Event()
        with transaction.atomic():
            record(TWO)
            submission = pool.submit(choose_and_wait)
            assert chose.wait(10)
        assert releases.retire_drained() == 0
        done.set()
        assert submission.result(timeout=10) == ONE
    assert releases.retire_drained() == 1


@pytest.mark.django_db(transaction=True)
def test_a_release_replaced_between_look_and_lock_is_chosen_again():
    """The chooser waits for the row, finds that it was retired meanwhile, and looks again."""
    record(ONE)
    with ThreadPoolExecutor(1) as pool:

        def choose():
            with transaction.atomic():
                chosen = releases.choose("toy")
            connection.close()
            return chosen

        with transaction.atomic():
            Release.objects.select_for_update().get(name=ONE)
            choice = pool.submit(choose)
            wait_for_a_waiter()
            record(TWO)
        assert choice.result(timeout=10) == TWO


def wait_for_a_waiter():
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.django_db(transaction=True)
def test_many_deployments_at_once_leave_one_live_release():
    def deploy(version):
        try:
            record(f"toy-function:{version}")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(deploy, range(1, 13)))
    assert Counter(states().values()) == {"live": 1, "draining": 11}


# Slots.


@pytest.fixture
def asked(monkeypatch):
    """What a dispatcher is asked to start: releases with numbers of slots."""
    noted = []

    class Noting:
        def dispatch(self, *, service, release, slots):
            noted.append((release, slots))

    monkeypatch.setattr("foundry.core.nudge._dispatcher", lambda path: Noting())
    return noted


def test_a_request_asks_for_no_more_slots_than_it_has_jobs(make_request, asked, django_capture_on_commit_callbacks):
    """However many wait that nobody has claimed yet."""
    record(ONE)
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(30):
            make_request({"number": number})
    assert asked == [(ONE, 1)] * 30
    asked.clear()
    with django_capture_on_commit_callbacks(execute=True):
        make_request(*({"number": number} for number in range(30)))
    assert asked == [(ONE, catalog.get("toy").limits.concurrency)]


def test_a_retry_asks_for_no_more_slots_than_it_has_jobs(make_request, asked, django_capture_on_commit_callbacks):
    record(ONE)
    request = make_request({"do": "err"}, *({"number": number} for number in range(1, 6)))
    compute(ONE), compute(ONE)
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(3):
            make_request({"number": number})
    asked.clear()
    with django_capture_on_commit_callbacks(execute=True):
        retry(request=request)
    assert asked == [(ONE, 1)]


def test_a_request_to_a_busy_release_asks_for_no_slot_that_another_has_a_right_to(
    make_job, asked, django_capture_on_commit_callbacks
):
    limit = catalog.get("toy").limits.concurrency
    record(ONE)
    for _ in range(limit):
        make_job()
    for _ in range(limit - 1):
        take(ONE)
    record(TWO)
    for _ in range(limit):
        make_job()
    change(releases.rollback, ONE)
    with django_capture_on_commit_callbacks(execute=True):
        make_job()
    assert asked == []


def test_a_slot_of_a_busy_release_ends_after_its_job_and_asks_for_one_of_the_release_that_waits(make_job, asked):
    limit = catalog.get("toy").limits.concurrency
    record(ONE)
    for _ in range(limit + 4):
        make_job()
    for _ in range(limit - 1):
        take(ONE)

    def hotfix(claimed):
        record(TWO)
        make_job(), make_job()

    slot = Slot(service="toy", release=ONE, name="s", lease=timedelta(seconds=60), on_claim=hotfix)
    assert (work(slot), asked) == (1, [(TWO, 1)])
    assert take(TWO)
    assert Job.objects.filter(release=ONE, state="queued").count() == 4


def test_a_slot_that_finds_nothing_more_asks_for_one_of_the_release_that_waits(make_job, asked):
    record(ONE)
    make_job()
    record(TWO)
    make_job()
    assert work(Slot(service="toy", release=ONE, name="s", lease=timedelta(seconds=60))) == 1
    assert asked == [(TWO, 1)]
    asked.clear()
    assert work(Slot(service="toy", release=TWO, name="s", lease=timedelta(seconds=60))) == 1
    assert asked == []


def test_free_slots_are_shared_by_releases_so_that_the_old_one_drains(make_job, asked):
    limit = catalog.get("toy").limits.concurrency
    record(ONE)
    for _ in range(limit):
        make_job()
    record(TWO)
    for _ in range(limit):
        make_job()
    nudge_waiting()
    (one, half), (two, other_half) = sorted(asked)
    assert ((one, two), half + other_half, abs(half - other_half) <= 1) == ((ONE, TWO), limit, True)
    while take(TWO):
        pass
    asked.clear()
    nudge_waiting()
    assert asked == [(ONE, half)]
    while take(ONE):
        pass
    asked.clear()
    nudge_waiting()
    assert asked == []


def test_each_release_gets_slots_for_what_waits_on_it(make_job, asked):
    record(ONE)
    make_job()
    record(TWO)
    make_job(), make_job()
    nudge_waiting()
    assert sorted(asked) == [(ONE, 1), (TWO, 2)]


# The API and the commands.


def test_a_request_says_its_releases_and_a_result_says_which_made_it(owner, make_request):
    record(ONE)
    request = make_request({"do": "err"}, {"number": 1}, {"number": -1})
    compute(ONE)
    record(TWO)
    retry(request=request)
    compute(TWO)
    shown = owner.get(f"/api/v1/requests/{request.pk}").json()
    assert shown["releases"] == [ONE, TWO]
    assert [made["release"] for made in shown["made_by"]] == [ONE, TWO]
    results = owner.get(f"/api/v1/requests/{request.pk}/results").json()["results"]
    assert [result["release"] for result in results] == [TWO, ONE, None]


def manage(*words):
    out = StringIO()
    call_command(*words, stdout=out, stderr=out)
    return out.getvalue()


def test_releases_are_recorded_shown_and_changed_by_a_command(make_job):
    manage("releases", "record", ONE, "--service", "toy", "--commit", "abcdef0123456789", "--by", "ci")
    make_job(), make_job()
    manage("releases", "record", TWO, "--service", "toy", "--share", "0.05", "--by", "ci")
    take(ONE)
    lines = [line.split() for line in manage("releases").splitlines()]
    assert lines[0][:4] == ["Service", "Release", "State", "Share"]
    assert lines[1][:9] == ["toy", TWO, "candidate", "5", "%", "0", "0", "0", "0"]
    assert lines[2][:8] == ["toy", ONE, "live", "-", "1", "1", "0", "0"]
    assert lines[2][-2:] == ["ci", "abcdef012345"]
    assert json.loads(manage("releases", "shift", TWO, "0.5", "--json"))[0]["share"] == 0.5
    assert manage("releases", "--service", "toy-saving", "--json", "list") == "[]\n"
    (two, one) = json.loads(manage("releases", "promote", TWO, "--by", "ada", "--json"))
    assert (two["release"], two["state"], two["changed_by"]) == (TWO, "live", "ada")
    assert (one["state"], one["waiting"], one["running"]) == ("draining", 1, 1)
    assert json.loads(manage("releases", "rollback", "--service", "toy", "--json"))[1]["state"] == "live"
    assert "draining" in manage("releases", "history", "--service", "toy")


def test_a_function_of_all_services_is_recorded_for_all_or_for_none():
    manage("releases", "record", "foundry:1", "--all-services")
    assert set(Release.objects.values_list("service", flat=True)) == set(catalog.services())
    manage("releases", "record", "foundry:2", "--service", "toy")
    with pytest.raises(CommandError, match="foundry:1"):
        manage("releases", "withdraw", "foundry:1")
    assert states() == {"foundry:1": "draining", "foundry:2": "live"}
    manage("releases", "rollback", "foundry:1")  # of the others it is the live release still
    assert states() == {"foundry:1": "live", "foundry:2": "draining"}


def test_the_candidates_of_services_are_withdrawn_whatever_they_are_called():
    both = ("--service", "toy", "--service", "toy-saving")
    manage("releases", "record", "foundry:1", "--service", "toy")
    manage("releases", "record", "foundry:2", *both, "--share", "0.1")  # of the other it is the first
    shown = json.loads(manage("releases", "withdraw", *both, "--by", "ci", "--json"))
    assert [(row["service"], row["release"], row["state"]) for row in shown] == [
        ("toy", "foundry:2", "draining"),
        ("toy", "foundry:1", "live"),
    ]
    assert states("toy-saving") == {"foundry:2": "live"}
    with pytest.raises(CommandError, match="toy has no candidate"):
        manage("releases", "withdraw", *both)


def test_a_rollback_of_several_services_is_of_those_that_have_a_candidate():
    both = ("--service", "toy", "--service", "toy-saving")
    manage("releases", "record", "foundry:1", "--service", "toy")
    manage("releases", "record", "foundry:2", *both, "--share", "0.1")
    manage("releases", "rollback", *both)
    assert states() == {"foundry:1": "live", "foundry:2": "draining"}
    assert states("toy-saving") == {"foundry:2": "live"}


def test_what_can_go_is_listed_for_programs_and_marked():
    assert (manage("releases", "prunable"), manage("releases", "prunable", "--json")) == ("\n", "[]\n")
    for name in (ONE, TWO, THREE):
        manage("releases", "record", name, "--service", "toy")
    sweep()
    assert json.loads(manage("releases", "prunable", "--json")) == [ONE]
    assert json.loads(manage("releases", "prunable", "--json", "--keep", "0")) == [ONE, TWO]
    assert manage("releases", "prunable") == f"{ONE}\n"
    manage("releases", "pruned", ONE, "--by", "ci")
    assert ONE not in manage("releases")
    assert ONE in manage("releases", "list", "--all")


def test_jobs_on_what_is_not_recorded_are_shown_while_they_are_unfinished(make_job, settings):
    assert manage("releases") == "No release is recorded.\n"
    settings.FOUNDRY_RELEASE = "foundry:$LATEST"
    make_job()
    assert "foundry:$LATEST  not recorded" in manage("releases")
    compute("foundry:$LATEST")
    assert manage("releases") == "No release is recorded.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["record", ONE, "--service", "nobody"], "no service 'nobody'"),
        (["record", ONE], "Say of which service"),
        (["record", "toy:$LATEST", "--service", "toy"], "names no release"),
        (["promote", ONE], "Say of which service"),
        (["rollback"], "Say of which service"),
        (["withdraw"], "Say of which service"),
        (["withdraw", "--service", "toy"], "toy has no candidate"),
        (["pruned", ONE], "No release"),
    ],
)
def test_what_is_wrong_with_a_command_is_said(words, message):
    with pytest.raises(CommandError, match=message):
        manage("releases", *words)
