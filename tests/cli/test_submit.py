"""manage.py submit."""

import io

import pytest
from django.core.management import CommandError

from foundry.cli.exits import Exit
from foundry.cli.management.commands import submit as command
from foundry.core.models import ServiceRequest

ESCAPE = "\x1b"


def submit(run, *arguments, service="toy"):
    return run("submit", *arguments, "--service", service)


def test_without_waiting_it_says_how_to_follow(run, items):
    ended = submit(run, items({"number": 1}), "--label", "mine", "--priority", "2", "--tag", "x", "--tag", "Y z")
    request = ServiceRequest.objects.get()
    assert (request.label, request.priority, request.tags) == ("mine", 2, ["x", "y z"])
    assert ended.code == Exit.OK
    assert f"manage.py status {request.pk} --wait" in ended.out


def test_waiting_shows_the_results_without_escape_codes(run, items):
    ended = submit(run, items(*({"number": number, "name": f"n{number}"} for number in range(20))), "--wait")
    assert ended.code == Exit.OK
    assert "n9" in ended.out
    assert "n10" not in ended.out
    assert "succeeded: 20 succeeded in" in ended.out
    assert "10 more: manage.py results" in ended.out
    assert ESCAPE not in ended.out + ended.err
    assert " \n" not in ended.out


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([{"number": 1}], Exit.OK),
        ([{"number": 1}, {"do": "err"}], Exit.PARTIAL),
        ([{"do": "err"}], Exit.FAILED),
    ],
)
def test_the_exit_code_says_how_the_request_ended(run, items, given, code):
    ended = submit(run, items(*given), "--wait")
    assert ended.code == code
    assert ("It was told to err." in ended.out) == (code != Exit.OK)


@pytest.mark.parametrize("wait", [[], ["--wait"]])
def test_json_is_one_document_and_all_else_goes_to_standard_error(run, items, wait):
    ended = submit(run, items({"number": 1}, {"number": -1}), "--json", *wait)
    assert ended.json["items"]["total"] == 2
    assert "Request" in ended.err
    assert "number" in ended.err  # why the second was refused
    assert ended.code == (Exit.PARTIAL if wait else Exit.OK)


def test_options_and_defaults_are_json_where_they_can_be(run, items):
    ended = submit(run, items({"number": 2}, {}), "--option", "factor=3", "--set", "number=5", "--wait", "--json")
    assert ended.json["options"] == {"factor": 3}
    assert [one["values"]["number"] for one in run("results", ended.json["id"], "--json").json["results"]] == [6, 15]
    assert command._pairs("--set", ["topology=circular", "a=b=c", 'list=["x"]']) == {
        "topology": "circular",
        "a": "b=c",
        "list": ["x"],
    }


def test_files_and_standard_input_are_uploaded_as_they_are(run, tmp_path, monkeypatch):
    fasta = tmp_path / "one.fasta"
    fasta.write_text(">one\nATGC\n")

    class Stdin:
        buffer = io.BytesIO(b"name,sequence,topology\ntwo,GGCC,linear\n")

    monkeypatch.setattr(command.sys, "stdin", Stdin)
    ended = submit(run, fasta, "-", "--set", "topology=circular", "--json", service="screen-synthesis")
    assert (ended.code, ended.json["items"]["total"]) == (Exit.OK, 2)
    results = run("results", ended.json["id"], "--json").json["results"]
    assert [(one["name"], one["source"]["file"]) for one in results] == [("one", "one.fasta"), ("two", "stdin")]


def test_the_same_key_submits_once(run, items):
    path = items({"number": 1})
    for _ in range(2):
        ended = submit(run, path, "--idempotency-key", "k")
        assert ended.code == Exit.OK
    assert "submitted before" in ended.out
    assert ServiceRequest.objects.count() == 1


def test_waiting_ends_after_the_timeout(run, items, nothing_computes):
    ended = submit(run, items({"number": 1}), "--wait", "--timeout", "0.2")
    assert ended.code == Exit.TIMED_OUT
    assert f"manage.py status {ServiceRequest.objects.get().pk} --wait" in ended.err


def test_interrupted_it_says_that_the_request_goes_on(run, items, nothing_computes, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("foundry.client.foundry.time.sleep", interrupt)
    ended = submit(run, items({"number": 1}), "--wait")
    assert ended.code == Exit.INTERRUPTED
    assert "The request goes on." in ended.err
    assert f"manage.py status {ServiceRequest.objects.get().pk} --wait" in ended.err


def test_names_are_shown_as_they_are(run, items):
    assert "[bold]x[/bold] :dna:" in submit(run, items({"name": "[bold]x[/bold] :dna:"}), "--wait").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.fasta"], "missing.fasta: No such file or directory."),
        (["-o", "factor"], "write --option key=value"),
        (["-o", "factor=0"], "factor"),
        (["-o", "factor=@missing.json"], "missing.json: No such file or directory."),
        (["--timeout", "5"], "--timeout goes with --wait"),
    ],
)
def test_mistakes_are_told_in_one_message(run, items, arguments, said):
    ended = submit(run, *([items({"number": 1})] if arguments[0][0] == "-" else []), *arguments)
    assert ended.code == Exit.ERROR
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not ended.out


def test_a_priority_out_of_range_is_refused_with_the_range(run, items):
    with pytest.raises(CommandError, match="choose from -5, -4"):
        submit(run, items({}), "--priority", "9")


def test_a_value_can_be_read_from_a_file(run, items, tmp_path):
    (path := tmp_path / "factor.json").write_text("3")
    assert submit(run, items({}), "-o", f"factor=@{path}", "--json").json["options"] == {"factor": 3}


@pytest.mark.parametrize("wait", [[], ["--wait"]])
def test_refused_items_are_shown_once(run, items, wait):
    shown = submit(run, items({"number": 1}, {"number": -1, "name": "wrong"}), *wait).out
    assert shown.count("wrong") == 1


@pytest.mark.parametrize("rows", ["one,ATGC,\ntwo,ATGC,\n", "one,ATGC,linear\ntwo,ATGC,\nthree,ATGC,\n"])
def test_what_the_command_line_says_instead_of_defaults_is_told(run, tmp_path, rows):
    (path := tmp_path / "designs.csv").write_text(f"name,sequence,topology\n{rows}")
    ended = submit(run, path, "--wait", service="compute-dna")
    assert (ended.out + ended.err).count("`--set field=value` states a value") == 1


@pytest.mark.parametrize(
    ("content", "said"), [("{", "is not JSON"), ("{}", "a list of items"), ("[1]", "a list of items")]
)
def test_a_json_file_must_hold_items(run, tmp_path, content, said):
    (path := tmp_path / "items.json").write_text(content)
    ended = submit(run, path)
    assert ended.code == Exit.ERROR
    assert said in ended.err


def test_json_and_other_files_do_not_mix(run, items):
    assert "requests of their own" in submit(run, items({}), "one.fasta").err
