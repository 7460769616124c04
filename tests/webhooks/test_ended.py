"""A request that has ended is told of, once each time it ends, whatever dies in between."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connection, transaction
from django.urls import resolve

from foundry.core.cancel import cancel
from foundry.core.models import Job
from foundry.core.requests import RequestState
from foundry.core.retry import retry
from foundry.webhooks import ended, endpoints
from foundry.webhooks.ended import collect
from foundry.webhooks.models import Delivery, JobEnded, Message
from tests.webhooks.conftest import compute


@pytest.fixture
def left_waiting(settings) -> None:
    """Nobody computes what is submitted."""
    settings.FOUNDRY_DISPATCHER = "foundry.dispatch.worker.WorkerDispatcher"


def told() -> list[dict]:
    return [json.loads(message.payload) for message in Message.objects.order_by("created_at")]


@pytest.mark.django_db
def test_a_request_is_told_of_when_its_last_job_has_ended(make_request, endpoint):
    request = make_request(*({"number": number} for number in range(4)), label="four")
    assert request.jobs.count() == 2
    compute(jobs=1)
    assert collect() == 0
    compute()
    assert collect() == 1
    (said,) = told()
    assert said["type"] == "request.finished"
    assert said["data"]["state"] == "succeeded"
    assert said["data"]["items"] == {"total": 4, "succeeded": 4, "failed": 0}
    assert (said["data"]["id"], said["data"]["label"]) == (str(request.pk), "four")


@pytest.mark.django_db
def test_looking_twice_tells_it_once(finished, endpoint):
    finished()
    word = JobEnded.objects.get()
    assert collect() == 1
    JobEnded.objects.create(request_id=word.request_id)  # as of another one who looked at the same moment
    assert collect() == 1
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_a_retry_ends_it_again(finished, endpoint):
    request = finished({"number": 1}, {"number": 2, "do": "err"})
    collect()
    retry(request=request)
    compute()
    collect()
    assert [one["data"]["state"] for one in told()] == ["partial", "partial"]
    assert Delivery.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(("do", "state"), [("err", "failed"), ("", "succeeded")])
def test_only_the_states_that_were_chosen_are_told_of(do, state, make_endpoint, finished):
    wants = make_endpoint(states=[RequestState(state)])
    make_endpoint(states=[one for one in endpoints.STATES if one != state])
    finished({"number": 1} | ({"do": do} if do else {}))
    collect()
    assert Delivery.objects.get().endpoint == wants


@pytest.mark.django_db
def test_a_cancelled_request_has_ended(make_request, endpoint):
    request = make_request({"number": 1}, {"number": 2})
    cancel(request=request.pk)
    collect()
    assert told()[0]["data"]["state"] == "cancelled"


@pytest.mark.django_db
def test_another_teams_endpoint_hears_nothing(stranger, make_endpoint, finished):
    make_endpoint(caller=stranger.caller)
    finished()
    assert collect() == 1
    assert not Delivery.objects.exists()
    assert not JobEnded.objects.exists()


@pytest.mark.django_db
def test_a_disabled_endpoint_hears_nothing(endpoint, finished):
    endpoints.disable(endpoint=endpoint, because="It is away.")
    finished()
    collect()
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_links_lead_to_the_request(finished, endpoint, settings):
    settings.FOUNDRY_PUBLIC_URL = "https://foundry.example/production"
    request = finished()
    collect()
    links = told()[0]["data"]["links"]
    paths = {name: link.removeprefix("https://foundry.example/production") for name, link in links.items()}
    assert resolve(paths["self"]).url_name == "get_request"
    assert resolve(paths["results"]).url_name == "get_results"
    assert resolve(paths["page"]).namespace == "portal"
    assert all(str(request.pk) in link for link in links.values())


@pytest.mark.django_db
def test_a_message_holds_no_design(make_request, endpoint):
    make_request({"number": 4242})
    compute()
    collect()
    assert "4242" not in Message.objects.get().payload


@pytest.mark.django_db(transaction=True)
def test_who_dies_while_looking_loses_nothing(finished, endpoint, monkeypatch):
    finished()

    def die(views):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(ended, "_tell", die)
        with pytest.raises(KeyboardInterrupt):
            collect()
    assert collect() == 1
    assert Delivery.objects.count() == 1


@pytest.mark.usefixtures("left_waiting")
@pytest.mark.django_db(transaction=True)
def test_two_last_jobs_that_end_at_the_same_moment_are_not_taken_for_others(make_request, endpoint):
    """Neither sees that the other has ended, and still one of them is found to be the last."""
    request = make_request(*({"number": number} for number in range(4)))
    jobs = list(request.jobs.order_by("pk"))
    assert len(jobs) == 2
    both_ended, looked = threading.Barrier(2), []

    def end(job: Job) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE core_job SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = %s", [job.pk]
            )
            both_ended.wait()
        looked.append(collect())
        connection.close()

    threads = [threading.Thread(target=end, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(looked) >= 1
    assert Delivery.objects.count() == 1


@pytest.mark.usefixtures("left_waiting")
@pytest.mark.django_db(transaction=True)
def test_many_who_look_at_once_tell_each_request_once(make_request, endpoint):
    requests = [make_request({"number": number}) for number in range(8)]
    compute()

    def look() -> None:
        collect()
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Delivery.objects.values_list("message__request_id", flat=True)) == sorted(one.pk for one in requests)
