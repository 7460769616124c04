"""Tables, bars and messages: what people and their systems have of the client."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from foundry.client import Column, ItemError, NotFromFoundryError, RequestState, Result, Table, verify_webhook
from foundry.client.progress import bar
from foundry.webhooks import signing
from foundry.webhooks.claims import Due

COLUMNS = (Column(title="GC", path="gc.mean"), Column(title="Length", path="length"))
RESULTS = (
    Result(position=1, name="<a>", state="succeeded", values={"gc": {"mean": 0.123456}, "length": 7}),
    Result(position=2, name="b", state="failed", error=ItemError(code="x", message="No & never.")),
)
SEED = signing.new_seed()
(SECRET,) = signing.secrets_of([SEED])


def test_a_table_is_rows_with_the_services_columns():
    table = Table(COLUMNS, RESULTS)
    assert table.columns == ("#", "Name", "State", "GC", "Length", "Error")
    assert table[0] == {"#": 1, "Name": "<a>", "State": "succeeded", "GC": 0.123456, "Length": 7, "Error": None}
    assert [row["Error"] for row in table] == [None, "No & never."]
    assert (len(table), table[-1]["GC"], len(table[:1])) == (2, None, 1)


def test_a_notebook_shows_the_first_rows_and_runs_nothing_in_them():
    shown = Table(COLUMNS, RESULTS * 20)._repr_html_()
    assert "&lt;a&gt;" in shown
    assert "<a>" not in shown
    assert "0.1235" in shown
    assert shown.count("<tr>") == 21
    assert "20 more" in shown


def test_a_table_is_a_frame_where_pandas_is():
    frame = Table(COLUMNS, RESULTS).frame()
    assert list(frame.columns) == ["Name", "State", "GC", "Length", "Error"]
    assert frame.loc[1, "Length"] == 7


def test_of_lists_and_objects_a_table_has_the_number_of_their_entries():
    listed = Result(position=1, name="a", state="succeeded", values={"gc": {"mean": [1, 2]}, "length": {"a": 1}})
    assert (Table(COLUMNS, [listed])[0]["GC"], Table(COLUMNS, [listed])[0]["Length"]) == (2, 1)
    assert "<td>2</td><td>1</td>" in Table(COLUMNS, [listed])._repr_html_()


def test_an_empty_table_has_its_columns_all_the_same():
    assert list(Table(COLUMNS, ()).frame().columns) == ["Name", "State", "GC", "Length", "Error"]


def test_a_request_shows_itself_in_a_notebook(server, foundry, request_json):
    from tests.client.conftest import Answer

    server.answer(Answer(body=request_json(label="<script>")))
    shown = foundry.request("r1")._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


@pytest.mark.parametrize("rich", [True, False])
def test_waiting_shows_how_far_it_is(rich, server, foundry, request_json, monkeypatch, capsys):
    from tests.client.conftest import Answer

    if not rich:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    server.answer(Answer(body=request_json(state="running")), Answer(body=request_json(state="succeeded")))
    assert foundry.wait("r1", progress=True).state == RequestState.SUCCEEDED
    told = capsys.readouterr()
    assert "succeeded" in told.out + told.err


def test_a_bar_without_a_look_is_no_error():
    with bar():
        pass


# Messages


def message(data=None, kind="request.finished", at=None):
    """As the platform sends it: headers and body."""
    data = data or {
        "id": "r1",
        "service": "toy",
        "version": "1",
        "label": "",
        "state": "partial",
        "team": "team",
        "owner": "ada",
        "items": {"total": 3, "succeeded": 2, "failed": 1},
        "created_at": "2026-11-22T10:00:00+00:00",
        "finished_at": "2026-11-22T10:01:00+00:00",
        "links": {"self": "https://f.example/api/v1/requests/r1"},
        "newer": "than this client",
    }
    payload = json.dumps({"type": kind, "timestamp": "2026-11-22T10:01:00+00:00", "data": data})
    due = Due(1, 1, 1, 1, 1, "https://x.example", "msg_1", payload, [SEED])
    headers = due.headers()
    if at:
        headers["webhook-timestamp"] = str(int(at.timestamp()))
        headers["webhook-signature"] = Webhook(SECRET).sign("msg_1", at, payload)
    return headers, payload.encode()


def test_a_message_of_foundry_is_a_value():
    headers, body = message()
    said = verify_webhook(headers, body, SECRET)
    assert (said.id, said.type) == ("msg_1", "request.finished")
    assert (said.request.state, said.request.items.failed) == (RequestState.PARTIAL, 1)
    assert said.request.finished_at - said.request.created_at == timedelta(minutes=1)


def test_headers_are_found_however_they_are_written():
    headers, body = message()
    assert verify_webhook({name.title(): value for name, value in headers.items()}, body.decode(), SECRET).request


def test_a_test_has_no_request():
    assert verify_webhook(*message({"team": "team"}, "endpoint.test"), SECRET).request is None


OTHER = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


@pytest.mark.parametrize(
    "change",
    [
        lambda headers, body: (headers, body.replace(b"partial", b"succeeded"), SECRET),
        lambda headers, body: (headers, body, OTHER),
        lambda headers, body: (headers | {"webhook-id": "msg_2"}, body, SECRET),
        lambda headers, body: ({}, body, SECRET),
        lambda headers, body: (headers | {"webhook-signature": "v1,AAAA"}, body, SECRET),
        lambda headers, body: (headers | {"webhook-signature": "nonsense"}, body, SECRET),
        lambda headers, body: (headers | {"webhook-signature": "v1,ä"}, body, SECRET),
        lambda headers, body: (headers, b"\xff", SECRET),
    ],
)
def test_what_is_not_foundrys_is_not_believed(change):
    with pytest.raises(NotFromFoundryError):
        verify_webhook(*change(*message()))


def test_an_old_message_is_not_believed():
    with pytest.raises(NotFromFoundryError, match="too old"):
        verify_webhook(*message(at=datetime.now(UTC) - timedelta(minutes=6)), SECRET)
