"""One request: how far it is, what failed, its jobs, what made it; cancel and retry."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_script_prefix

from foundry.accounts.models import User
from foundry.core import history
from foundry.core.models import Attempt, Job
from foundry.core.work import Slot, work

pytestmark = pytest.mark.django_db


def page(request, more="") -> str:
    return f"/requests/{request.pk}/{more}"


@pytest.fixture
def mixed(make_request, compute):
    """Of five items two fail, one was refused and two have a result."""
    request = make_request(
        *({"number": 1, "name": "good one"}, {"do": "err", "name": "bad one"}, {"number": -1, "name": "refused one"}),
        *({"number": 2}, {"do": "err", "number": 7}),
        label="Plate 7",
        tags=["library", "Round 2"],
        options={"factor": 3},
        idempotency_key="order 66",
    )
    compute()
    return request


@pytest.mark.parametrize("path", ["", "jobs/", "cancel/"])
def test_the_team_sees_it_and_to_others_it_is_not_there(
    path, owners_browser, teammates_browser, strangers_browser, operators_browser, mixed
):
    assert owners_browser.get(page(mixed, path)).status_code == 200
    assert teammates_browser.get(page(mixed, path)).status_code == 200
    assert strangers_browser.get(page(mixed, path)).status_code == 404
    assert operators_browser.get(page(mixed, path)).status_code == 404
    assert Client().get(page(mixed, path)).status_code == 302


@pytest.mark.parametrize("action", ["cancel/", "retry/"])
def test_strangers_change_nothing(action, strangers_browser, mixed):
    before = list(Job.objects.order_by("pk").values())
    assert strangers_browser.post(page(mixed, action)).status_code == 404
    assert Client().post(page(mixed, action)).status_code == 302
    assert list(Job.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("action", ["cancel/", "retry/"])
def test_a_change_needs_the_token_of_our_own_page(action, owner, mixed):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner.caller.user)
    assert browser.post(page(mixed, action)).status_code == 403


def test_it_tells_all_there_is_to_know(owners_browser, mixed):
    answer = owners_browser.get(page(mixed))
    text = answer.text
    assert text.count("<h1") == 1
    assert "2 of 5 items have a result, 3 failed." in text
    for told in ("Plate 7", "library", "round 2", "order 66", "owner of team", str(mixed.pk), "Factor", "local"):
        assert told in text, told
    for name, version in answer.context["made_by"][0]["versions"].items():
        assert f"<dt>{name}</dt><dd>{version}</dd>" in text
    for link in (f"/requests/{mixed.pk}/results/", f"/services/toy/submit/?from={mixed.pk}", "numbers.txt"):
        assert link in text, link
    assert "hx-get" not in text


def test_errors_name_the_item_and_link_to_it(owners_browser, mixed):
    text = owners_browser.get(page(mixed)).text
    for position, name in ((2, "bad one"), (3, "refused one"), (5, "Unnamed")):
        assert f'<a href="/requests/{mixed.pk}/results/{position}/?state=failed">{name}</a>' in text
    assert text.count("It was told to err.") == 2
    assert "good one" not in text


def test_of_many_errors_the_first_are_shown_with_a_link_to_all(owners_browser, make_request, compute):
    request = make_request(*[{"do": "err", "number": number} for number in range(30)])
    compute()
    answer = owners_browser.get(page(request))
    assert len(answer.context["failures"]) == 10
    assert f'<a href="/requests/{request.pk}/results/?state=failed">All 30 failed items</a>' in answer.text


def test_only_what_can_be_computed_again_is_offered_and_retried(owners_browser, mixed, compute):
    assert "Retry 2 failed" in owners_browser.get(page(mixed)).text
    answer = owners_browser.post(page(mixed, "retry/"), follow=True)
    assert "2 failed items will be computed again." in answer.text
    assert sorted(Job.objects.filter(state="queued").values_list("items", flat=True)) == [1, 1]
    assert "hx-get" in answer.text
    compute()
    assert "retry of" in owners_browser.get(page(mixed)).text


def test_nothing_to_retry_is_said(owners_browser, make_request, compute):
    request = make_request({"number": 1})
    compute()
    assert "Retry" not in owners_browser.get(page(request)).text
    assert "no failed items" in owners_browser.post(page(request, "retry/"), follow=True).text


def test_cancelling_asks_first_and_needs_no_script(owners_browser, make_request):
    request = make_request({"number": 1}, {"number": 2})
    assert page(request, "cancel/") in owners_browser.get(page(request)).text
    asked = owners_browser.get(page(request, "cancel/"))
    assert "2 of 2 items have no result yet" in asked.text
    assert '<form method="post"' in asked.text
    assert request.jobs.get().state == "queued"
    done = owners_browser.post(page(request, "cancel/"), follow=True)
    assert request.jobs.get().state == "cancelled"
    assert "Cancelled; 0 of 2 items had a result by then." in done.text


def test_what_has_ended_is_not_cancelled(owners_browser, mixed):
    assert page(mixed, "cancel/") not in owners_browser.get(page(mixed)).text
    assert "nothing to cancel" in owners_browser.get(page(mixed, "cancel/")).text
    assert "nothing to cancel" in owners_browser.post(page(mixed, "cancel/"), follow=True).text


def test_a_failed_attempt_shows_its_message_and_never_its_traceback(owners_browser, make_request, compute):
    request = make_request({"do": "raise"})
    compute()
    job = request.jobs.get()
    assert "RuntimeError" in Attempt.objects.filter(job=job, state="failed")[0].error["traceback"]
    for path in (page(request), page(request, "jobs/")):
        text = owners_browser.get(path).text
        assert "1 of 3 attempts failed; tried again after" in text
        assert history.jobs(request=request.pk, limit=1)[0].last_error.split()[0] in text
        assert "Traceback" not in text
        assert "compute.py" not in text


def test_how_long_it_takes_follows_from_how_fast_it_goes(owners_browser, make_request, compute):
    request = make_request(*[{"number": number} for number in range(9)])
    assert "Waits for a free slot." in owners_browser.get(page(request)).text
    compute_one()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_job SET claimed_at = claimed_at - interval '60 s' WHERE claimed_at IS NOT NULL")
    answer = owners_browser.get(page(request))
    pace = history.pace(request=request.pk)
    assert (pace.items_done, pace.items_left) == (3, 6)
    assert pace.seconds_left == pytest.approx(120, abs=10)
    assert "About 2 minutes left, at 0.05 items a second." in answer.text
    compute()
    assert history.pace(request=request.pk).items_left == 0
    assert re.search(r"9 items done in 6\d seconds", owners_browser.get(page(request)).text)


def compute_one():
    """The first job that waits."""
    work(Slot(service="toy", release="local", name="test", lease=timedelta(seconds=60)), jobs=1)


def test_the_pace_after_a_retry_is_that_of_the_retry(owners_browser, mixed, compute):
    Job.objects.update(claimed_at="2026-01-01T00:00Z")
    owners_browser.post(page(mixed, "retry/"))
    assert history.pace(request=mixed.pk).seconds is None
    compute()
    assert history.pace(request=mixed.pk).seconds < 60


def test_all_jobs_are_shown_a_page_at_a_time(owners_browser, make_request):
    request = make_request(*[{"number": number} for number in range(100)])  # three a job
    first = owners_browser.get(page(request, "jobs/"))
    second = owners_browser.get(page(request, f"jobs/?after={first.context['following']}"))
    shown = [job.id for job in (*first.context["jobs"], *second.context["jobs"])]
    assert shown == sorted(request.jobs.values_list("pk", flat=True))
    assert second.context["following"] is None


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "%00"])
def test_a_page_of_jobs_that_is_none_is_the_first(after, owners_browser, mixed):
    assert owners_browser.get(page(mixed, f"jobs/?after={after}")).context["jobs"]


def test_of_many_jobs_those_that_failed_or_run_come_first(owners_browser, make_request):
    request = make_request(*[{"number": number} for number in range(60)])
    compute_one()
    last = request.jobs.order_by("-pk")[0]
    Job.objects.filter(pk=last.pk).update(
        state="running", attempt=1, claimed_at="2026-01-01T00:00Z", lease_until="2026-01-01T00:00Z"
    )
    assert [job.id for job in owners_browser.get(page(request)).context["jobs"]] == [last.pk]


def test_a_request_of_a_service_that_is_gone_is_still_shown(owners_browser, mixed):
    type(mixed).objects.update(service="gone")
    answer = owners_browser.get(page(mixed))
    assert answer.status_code == 200
    assert "Clone" not in answer.text
    assert "Retry" not in answer.text
    assert "There is no service" in owners_browser.post(page(mixed, "retry/"), follow=True).text


def test_a_request_that_is_none_is_not_there(owners_browser):
    assert owners_browser.get(f"/requests/{uuid4()}/").status_code == 404


def test_the_number_of_queries_does_not_grow(owners_browser, make_request, compute):
    request = make_request(*[{"do": "err", "number": number} for number in range(60)])
    compute()
    with CaptureQueriesContext(connection) as queries:
        owners_browser.get(page(request))
    assert 5 < len(queries) < 20


def links(text) -> set[str]:
    return set(re.findall(r'href="(/(?:requests|services)/[^"#]*)"', text))


def test_every_link_leads_somewhere(owners_browser, mixed):
    found = links(owners_browser.get(page(mixed)).text)
    assert len(found) > 6
    for address in found:
        assert owners_browser.get(address).status_code == 200, address


@pytest.fixture
def stage():
    """Behind API Gateway; Django's own handler sets this, and that of its tests does not."""
    with override_script_prefix("/production/"):
        yield "/production"


def test_behind_a_stage_every_address_has_it(owners_browser, make_request, stage):
    request = make_request({"number": 1})
    for path in ("/requests/", page(request), page(request, "cancel/")):
        text = owners_browser.get(path, SCRIPT_NAME=stage).text
        assert text.count('"/production/') > 4
        assert not re.search(r'(href|src|action|hx-get)="/(?!production/)', text)


def test_a_job_whose_items_failed_does_not_look_like_a_success(owners_browser, make_request, compute):
    request = make_request({"do": "err", "number": 1}, {"do": "err", "number": 2})
    compute()
    answer = owners_browser.get(page(request))
    assert request.jobs.get().state == "succeeded"
    assert answer.context["job_outcomes"] == {"failed": 1}
    assert answer.context["jobs"][0].outcome == "failed"
    assert '<span class="state succeeded">' not in answer.text


def test_a_job_of_which_some_items_failed_is_partial_as_its_request_is(owners_browser, make_request, compute):
    request = make_request({"do": "err", "number": 1}, {"number": 2})
    compute()
    answer = owners_browser.get(page(request))
    assert answer.context["job_outcomes"] == {"partial": 1}
    assert answer.text.count('<span class="state partial">') == 2


def test_options_stand_in_the_order_of_the_form(owners_browser, make_request):
    item = {"sequence": "ACGT", "topology": "linear"}
    chosen = {"host": "s_cerevisiae_4932", "genetic_code": 11, "gc_window": 60, "sodium_mM": 100}
    answer = owners_browser.get(page(make_request(item, service="compute-dna", options=chosen)))
    assert [one.label for one in answer.context["options"]] == ["GC window", "Genetic code", "Host", "Sodium"]
    assert "11: Bacterial, archaeal, plant plastid" in answer.text


def test_all_can_be_downloaded_from_there(owners_browser, mixed):
    assert f'href="/requests/{mixed.pk}/results/downloads/zip"' in owners_browser.get(page(mixed)).text


def test_what_a_cancelled_request_did_not_compute_can_be_taken_and_sent_again(owners_browser, make_request):
    request = make_request({"name": "left", "sequence": "ACGT", "topology": "circular"}, service="compute-dna")
    owners_browser.post(page(request, "cancel/"))
    text = owners_browser.get(page(request)).text
    rest = f"/requests/{request.pk}/results/downloads/items/fasta?state=waiting"
    assert f'href="{rest}"' in text
    assert b"".join(owners_browser.get(rest)) == b">left [topology=circular]\nACGT\n"


def test_jobs_and_slots_are_folded_away_but_for_operators(owners_browser, mixed):
    text = owners_browser.get(page(mixed)).text
    assert '<details class="fold" id="jobs">' in text
    assert ">Slot<" not in text
    User.objects.filter(username="owner").update(is_staff=True)
    text = owners_browser.get(page(mixed)).text
    assert '<details class="fold" id="jobs" open>' in text
    assert ">Slot<" in text
