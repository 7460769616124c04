"""Bodies that nobody should send. Each is answered with 4xx, or accepted and kept as it is: never a 500."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundry.core.models import ServiceRequest
from tests.api.conftest import REQUESTS

pytestmark = pytest.mark.django_db

ITEM = {"number": 1}


def toy(items: str = "[{}]", more: str = "") -> str:
    return f'{{"service": "toy", "items": {items}{more}}}'


def post(client: Any, body: Any, path: str = REQUESTS) -> Any:
    return client.post(path, body, content_type="application/json")


MALFORMED: dict[str, Any] = {
    "blank": " ",
    "cut short": toy()[:-1],
    "trailing": toy() + "x",
    "two": toy() * 2,
    "single quotes": "{'service': 'toy'}",
    "trailing comma": '{"service": "toy",}',
    "comment": '{"service": "toy" /* x */}',
    "not UTF-8": b'{"service": "\xff"}',
    "overlong UTF-8": b'{"service": "\xc0\xae"}',
    "UTF-16": toy().encode("utf-16"),
    "raw NUL": '{"service": "a\0"}',
    "raw control character": '{"service": "a\n"}',
    "lone surrogate": toy('[{"name": "\\ud800"}]'),
    "reversed surrogates": toy('[{"name": "\\udc00\\ud800"}]'),
    "surrogate as UTF-8": b'{"service": "\xed\xa0\x80"}',
    "NaN": toy('[{"seconds": NaN}]'),
    "Infinity": toy('[{"seconds": -Infinity}]'),
    "a number of a million digits": toy('[{"number": ' + "9" * 1_000_000 + "}]"),
    "100,000 levels": toy("[" * 100_000),
}


@pytest.mark.parametrize("path", [REQUESTS, "/compute-dna/"])
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_json_is_400_and_says_where(body, path, owner, problem):
    detail = problem(post(owner, body, path), 400)["detail"]
    assert "not JSON" in detail
    assert re.search(r"line \d+ column \d+", detail)


MISFITS: dict[str, tuple[str, str]] = {
    "null": ("null", "body"),
    "a list": ("[]", "body"),
    "a string": ('"toy"', "body"),
    "a number": ("1e400", "body"),
    "no service": ('{"items": []}', "service"),
    "no items": ('{"service": "toy"}', "items"),
    "service null": ('{"service": null, "items": [{}]}', "service"),
    "service a number": ('{"service": 1, "items": [{}]}', "service"),
    "service with NUL": ('{"service": "\\u0000", "items": [{}]}', "service"),
    "service too long": (f'{{"service": "{"x" * 101}", "items": [{{}}]}}', "service"),
    "items an object": (toy("{}"), "items"),
    "items a string": (toy('"ACGT"'), "items"),
    "items null": (toy("null"), "items"),
    "item a string": (toy('["ACGT"]'), "items.0"),
    "item null": (toy("[{}, null, null]"), "items.1"),
    "item a list": (toy("[[]]"), "items.0"),
    "item of too many fields": (toy(json.dumps([dict.fromkeys(map(str, range(101)))])), "items.0"),
    "options a list": (toy(more=', "options": []'), "options"),
    "options null": (toy(more=', "options": null'), "options"),
    "defaults a string": (toy(more=', "defaults": "linear"'), "defaults"),
    "label a number": (toy(more=', "label": 1'), "label"),
    "label too long": (toy(more=f', "label": "{"x" * 201}"'), "label"),
    "label with NUL": (toy(more=', "label": "\\u0000"'), "label"),
    "label with a line break": (toy(more=', "label": "a\\nb"'), "label"),
    "priority true": (toy(more=', "priority": true'), "priority"),
    "priority a string": (toy(more=', "priority": "1"'), "priority"),
    "priority 0.5": (toy(more=', "priority": 0.5'), "priority"),
    "priority too high": (toy(more=', "priority": 6'), "priority"),
    "priority huge": (toy(more=f', "priority": {"9" * 4000}'), "priority"),
    "unknown field": (toy(more=', "team": 1'), "team"),
    "unknown field with NUL": (toy(more=', "\\u0000": 1'), "\0"),
}


@pytest.mark.parametrize(("body", "where"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_422_and_says_where(body, where, owner, problem):
    found = problem(post(owner, body), 422)
    assert where in [error["where"] for error in found["errors"]]
    assert all(error["message"] for error in found["errors"])


@pytest.mark.parametrize(
    "body",
    [
        toy(more=', "priority": 9'),
        toy(more="".join(f', "x{number}": 1' for number in range(90))),
        toy("[" + "1," * 10_000 + "1]"),
        toy(more="".join(f', "x{number}": 1' for number in range(10_000))),
        toy(more=f', "options": {json.dumps(dict.fromkeys(map(str, range(10_000))))}'),
    ],
)
def test_a_refusal_stays_small_however_much_is_wrong(body, owner, problem):
    answer = post(owner, body)
    problem(answer, 422)
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("values", ["[]," * 5_000_001, "1," * 5_000_001, "[" * 2_600_000 + "{" * 2_600_000])
@pytest.mark.parametrize("path", [REQUESTS, "/compute-dna/"])
def test_a_body_of_more_values_than_anyone_needs_is_413_with_the_limit(values, path, owner, problem):
    assert "5,000,000 values" in problem(post(owner, toy(f"[{values}1]"), path), 413)["detail"]


def test_no_items_are_422(owner, problem):
    assert "no items" in problem(post(owner, toy("[]")), 422)["detail"]


def test_more_items_than_the_service_takes_are_422_with_its_limit(owner, problem):
    assert "10,000" in problem(post(owner, toy("[" + "{}," * 10_000 + "{}]")), 422)["detail"]


def test_unknown_service_is_422_and_lists_those_there_are(owner, problem):
    assert "toy-saving" in problem(post(owner, toy().replace("toy", "tyo")), 422)["detail"]


def test_options_that_do_not_fit_are_422_and_named(owner, problem):
    answer = post(owner, toy(more=', "options": {"factor": 0, "colour": "red"}'))
    assert {error["where"] for error in problem(answer, 422)["errors"]} == {"options.factor", "options.colour"}


def test_of_two_equal_fields_the_last_counts(owner):
    answer = post(owner, '{"service": "no", "service": "toy", "items": [{}]}')
    assert answer.json()["service"] == "toy"


@pytest.mark.parametrize("depth", [10, 100, 190])
def test_a_deeply_nested_item_is_refused_alone(depth, owner):
    answer = post(owner, toy(f'[{{"number": 1}}, {{"x": {"[" * depth + "]" * depth}}}]'))
    assert answer.status_code == 202
    assert [refused["position"] for refused in answer.json()["refused"]] == [2]


STRANGE = ["\u202e\u2066", "\ufeff", "\U0001f9ec" * 50, "\\", "\\N", "';--", "<b>", "%s{}", "=1+1"]


@pytest.mark.parametrize("name", STRANGE, ids=ascii)
def test_strange_names_come_back_as_they_were(name, owner, submit, compute):
    answer = submit(owner, {"number": 1, "name": name})
    compute()
    (result,) = owner.get(answer.json()["links"]["results"]).json()["results"]
    assert result["name"] == name


@pytest.mark.parametrize("label", ["\u202e", "\U0001f9ec", "\\N", "';--", "<b>", "%s{}"], ids=ascii)
def test_strange_labels_come_back_as_they_were(label, owner, submit):
    shown = submit(owner, label=label).json()
    assert shown["label"] == label
    assert owner.get(REQUESTS, {"label": label}).json()["requests"][0]["id"] == shown["id"]


def test_a_label_is_searched_literally(owner, submit):
    submit(owner, label="100 nM")
    assert owner.get(REQUESTS, {"label": "1%M"}).json()["requests"] == []
    assert owner.get(REQUESTS, {"label": "100_nM"}).json()["requests"] == []


UNFIT = {
    "name with a line break": toy('[{"number": 1}, {"name": "a\\n>b"}]'),
    "name with NUL": toy('[{"number": 1}, {"name": "a\\u0000b"}]'),
}
NOT_FINITE = {
    "number over what a float holds": toy('[{"number": 1}, {"seconds": 1e999}]'),
    "refused item with such a number": toy('[{"number": 1}, {"x": 1e999}]'),
}


@pytest.mark.parametrize("body", UNFIT.values(), ids=UNFIT)
def test_a_name_that_cannot_be_written_out_is_refused_alone(body, owner):
    answer = post(owner, body)
    assert answer.status_code == 202
    assert [refused["position"] for refused in answer.json()["refused"]] == [2]


def test_a_default_name_that_cannot_be_written_out_is_refused(owner, problem):
    assert problem(post(owner, toy(more=', "defaults": {"name": "a\\u0000b"}')), 422)["errors"][0]["field"] == "name"


@pytest.mark.parametrize("body", NOT_FINITE.values(), ids=NOT_FINITE)
def test_a_number_that_json_cannot_hold_is_refused_alone(body, owner):
    answer = post(owner, body)
    assert answer.status_code == 202
    assert [refused["position"] for refused in answer.json()["refused"]] == [2]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(["service", "items", "options", "defaults", "label", "priority", "name"])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(changes=st.dictionaries(FIELDS, JSON, max_size=3), item=st.dictionaries(st.text(max_size=5), JSON, max_size=2))
def test_no_json_leads_to_a_500(changes, item, owner):
    answer = post(owner, {"service": "toy", "items": [ITEM, item]} | changes)
    assert answer.status_code in (202, 400, 403, 422), answer.content
    assert answer.status_code == 202 or answer.headers["Content-Type"] == "application/problem+json"


def test_what_is_refused_leaves_nothing_behind(owner):
    for body, _ in MISFITS.values():
        post(owner, body)
    assert not ServiceRequest.objects.exists()
