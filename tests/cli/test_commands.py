"""manage.py status, results, cancel, retry, services."""

import csv
import io
import json

import pytest

from foundry.cli.exits import Exit

COMMANDS = [["status", "{id}"], ["results", "{id}"], ["cancel", "{id}"], ["retry", "{id}"]]


@pytest.fixture
def request_id(make_request):
    made = make_request({"number": 1, "name": "one"}, {"do": "err", "name": "two"}, {"number": 3, "name": "three"})
    return str(made.pk)


@pytest.fixture
def waiting_id(nothing_computes, make_request):
    return str(make_request({"number": 1}).pk)


def test_status_shows_a_request(run, request_id):
    ended = run("status", request_id)
    assert (ended.code, ended.err) == (Exit.OK, "")
    assert "partial: 2 succeeded, 1 failed" in ended.out
    assert run("status", request_id, "--json").json["state"] == "partial"


def test_status_lists_the_newest_first(run, make_request):
    first, second = (str(make_request({"number": 1}, label=one, tags=[f"{one} tag"]).pk) for one in ("first", "second"))
    ended = run("status")
    assert (ended.code, ended.err) == (Exit.OK, "")
    shown = ended.out
    assert shown.index(second) < shown.index(first)
    assert [one["id"] for one in run("status", "--json", "--limit", "1").json["requests"]] == [second]
    assert [one["id"] for one in run("status", "--json", "--label", "first").json["requests"]] == [first]
    assert [one["id"] for one in run("status", "--json", "--tag", "first tag").json["requests"]] == [first]
    assert "second tag" in shown
    assert "No requests yet." in run("status", "--state", "failed").out


def test_status_waits_and_ends_as_the_request_does(run, request_id):
    ended = run("status", request_id, "--wait")
    assert ended.code == Exit.PARTIAL
    assert "It was told to err." in ended.out
    assert "--wait needs the ID" in run("status", "--wait").err


def test_results_come_in_every_form(run, request_id):
    assert "told to err" in run("results", request_id).out
    assert [one["position"] for one in run("results", request_id, "--json").json["results"]] == [1, 2, 3]
    lines = run("results", request_id, "--ndjson").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["one", "two", "three"]
    rows = list(csv.reader(io.StringIO(run("results", request_id, "--csv").out)))
    assert len(rows) == 4
    failed = run("results", request_id, "--json", "--state", "failed").json["results"]
    assert [one["error"]["code"] for one in failed] == ["toy_error"]


def test_no_results_yet_are_still_a_document(run, waiting_id):
    assert run("results", waiting_id, "--json").json == {"results": []}
    assert "queued: 1 without a result" in run("results", waiting_id).out


def test_an_artifact_is_saved(run, request_id, tmp_path):
    path = tmp_path / "out.txt"
    assert run("results", request_id, "--artifact", "numbers.txt", "-o", path).code == Exit.OK
    assert path.read_text() == "1 1\n2 toy_error\n3 3\n"
    assert run("results", request_id, "--artifact", "one.txt", "--item", 3, "-o", path).code == Exit.OK
    assert path.read_text() == "3 3\n"
    assert run("results", request_id, "--artifact", "numbers.txt", "-o", "-").out == "1 1\n2 toy_error\n3 3\n"


def test_an_artifact_is_saved_under_its_own_name(run, request_id, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Saved numbers.txt (" in run("results", request_id, "--artifact", "numbers.txt").err
    assert (tmp_path / "numbers.txt").exists()


@pytest.mark.parametrize("kind", ["--json", "--csv", "--ndjson"])
def test_all_results_are_saved_or_shown(run, request_id, tmp_path, kind):
    shown, saved = run("results", request_id, kind), run("results", request_id, kind, "-o", tmp_path / "all")
    assert (saved.out, saved.code) == ("", Exit.OK)
    assert (tmp_path / "all").read_bytes().decode() == shown.out == run("results", request_id, kind, "-o", "-").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["results", "--artifact", "numbers.txt", "--item", "1"], "leave --item out"),
        (["results", "--artifact", "one.txt"], "such as --item 1"),
        (["results", "--csv", "--item", "1"], "--item goes with"),
        (["results", "-o", "x"], "--output goes with"),
        (["results", "--state", "failed"], "--state goes with"),
        (["status", "--timeout", "1"], "--timeout goes with --wait"),
        (["retry", "--timeout", "1"], "--timeout goes with --wait"),
    ],
)
def test_no_argument_is_ignored(run, request_id, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = run(*arguments, request_id)
    assert (ended.code, ended.out) == (Exit.ERROR, "")
    assert said in ended.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["status", "results", "cancel", "retry"])
def test_what_is_no_id_is_not_asked_for(run, command):
    assert "'123' is not a request id" in run(command, "123").err


def test_a_request_is_cancelled_once(run, waiting_id):
    assert run("cancel", waiting_id, "--json").json["state"] == "cancelled"
    assert run("status", waiting_id, "--wait").code == Exit.CANCELLED
    again = run("cancel", waiting_id)
    assert again.code == Exit.ERROR
    assert "nothing to cancel" in again.err


def test_failed_items_are_computed_again(run, request_id):
    assert run("retry", request_id, "--json").json["jobs"] == 2
    assert run("retry", request_id, "--wait").code == Exit.PARTIAL


def test_services_are_listed_and_described(run):
    assert "compute-dna" in run("services").out
    assert "toy" in [one["name"] for one in run("services", "--json").json["services"]]
    described = run("services", "toy").out
    for told in ("factor", "numbers.txt", "What the number is multiplied by.", "at least 1"):
        assert told in described
    assert run("services", "toy", "--json").json["columns"] == [{"title": "number", "path": "number"}]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_stranger_sees_and_changes_nothing(run, owner, stranger, request_id, monkeypatch, command):
    before = run("status", request_id, "--json").json
    monkeypatch.setenv("FOUNDRY_TOKEN", stranger.secret)
    ended = run(*[part.format(id=request_id) for part in command])
    assert (ended.code, ended.out) == (Exit.ERROR, "")
    assert run("status", "--json").json == {"requests": []}
    monkeypatch.setenv("FOUNDRY_TOKEN", owner.secret)
    assert run("status", request_id, "--json").json == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_teammate_may_do_the_same(run, teammate, request_id, command):
    ended = run(*[part.format(id=request_id) for part in command], "--token", teammate.secret)
    assert ended.code == (Exit.ERROR if command[0] == "cancel" else Exit.OK)  # it has ended already


@pytest.mark.parametrize("wrong", ["fdy_wrong", "nonsense"])
def test_a_wrong_token_is_told(run, wrong):
    ended = run("status", "--token", wrong)
    assert ended.code == Exit.ERROR
    assert "token" in ended.err


@pytest.mark.parametrize("command", [["services", "unheard-of"], ["status", "nonsense"], ["results", "a/b"]])
def test_what_is_not_there_is_told(run, command):
    ended = run(*command)
    assert ended.code == Exit.ERROR
    assert ended.err.strip()
    assert "Traceback" not in ended.err
