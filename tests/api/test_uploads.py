"""Uploaded files: many, zipped, gzipped; good records are computed, bad ones are named by file, record and place."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from foundry import catalog
from foundry.core import requests
from foundry.core.models import ServiceRequest
from tests.api.conftest import REQUESTS

pytestmark = pytest.mark.django_db

FASTA = ">left [topology=circular]\nATCG\nGCTA\n>right\nATCGGCTAA\n"
BROKEN_FASTA = ">good\nATCG\n>bad\nATCG\nATXG\n>empty\n"
TABLE = "name,sequence,topology\nrow,ATCG,linear\nround,ATCGGC,circular\n"
GENBANK = """\
LOCUS       {name:<16}        8 bp    DNA     {topology:<8} SYN 01-JAN-2026
FEATURES             Location/Qualifiers
     misc_feature    2..4
                     /label="tag"
ORIGIN
        1 atcggcta
//
"""


def genbank(name: str, topology: str) -> str:
    return GENBANK.format(name=name, topology=topology)


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return content.getvalue()


def upload(client: Any, *files: tuple[str, str | bytes], service: str = "compute-dna", **fields: Any) -> Any:
    sent = [SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text) for name, text in files]
    return client.post(REQUESTS, {"service": service, "files": sent} | fields)


def items(answer: Any) -> list[dict[str, Any]]:
    """The items of an accepted request, as its service receives them."""
    assert answer.status_code == 202, answer.content
    shown = answer.json()
    found = requests.inputs(request=shown["id"], positions=list(range(1, shown["items"]["total"] + 1)))
    return [found[position] for position in sorted(found)]


def test_many_files_of_many_formats_become_items_in_their_order(owner):
    answer = upload(
        owner,
        ("a.fasta", FASTA),
        ("b.gb", genbank("plasmid", "circular") + genbank("piece", "linear")),
        ("c.csv", TABLE),
        ("d.fa.gz", gzip.compress(b">packed\nAT\n")),
        ("e.zip", zipped(one__fasta=">in-zip\nGC\n", two__csv="name,sequence\nrow-in-zip,AT\n")),
        defaults=json.dumps({"topology": "linear"}),
    )
    assert [item["name"] for item in items(answer)] == [
        "left",
        "right",
        "plasmid",
        "piece",
        "row",
        "round",
        "packed",
        "in-zip",
        "row-in-zip",
    ]


def test_files_may_come_under_any_field_name(owner):
    sent = {"service": "compute-dna", "b": io.BytesIO(b">b\nAT\n"), "a": io.BytesIO(b">a\nAT\n")}
    answer = owner.post(REQUESTS, sent | {"defaults": '{"topology": "linear"}'})
    assert [item["name"] for item in items(answer)] == ["b", "a"]


def test_a_topology_that_a_file_states_is_kept_and_defaults_fill_the_others(owner):
    answer = upload(
        owner, ("a.fasta", FASTA), ("b.gb", genbank("plasmid", "circular")), defaults=json.dumps({"topology": "linear"})
    )
    assert [item["topology"] for item in items(answer)] == ["circular", "linear", "circular"]


def test_without_a_stated_topology_a_record_is_refused_and_says_what_is_needed(owner):
    (refused,) = upload(owner, ("a.fasta", FASTA)).json()["refused"]
    assert (refused["position"], refused["name"], refused["field"]) == (2, "right", "topology")
    assert refused["message"].startswith("a.fasta, record right, line 4: topology:")


def test_bad_records_are_named_by_file_record_line_and_column(owner):
    answer = upload(owner, ("mixed.fasta", BROKEN_FASTA), defaults=json.dumps({"topology": "linear"}))
    assert answer.json()["items"] == {"total": 3, "succeeded": 0, "failed": 2, "waiting": 1}
    letter, empty = answer.json()["refused"]
    assert (letter["position"], letter["field"], letter["positions"]) == (2, "sequence", [7])
    assert letter["source"] == {"file": "mixed.fasta", "record": "bad", "line": 3}
    assert "mixed.fasta, record bad, line 3" in letter["message"]
    assert "'X' at position 7" in letter["message"]
    assert "line 5, column 3" in letter["message"]
    assert "mixed.fasta, record empty" in empty["message"]


def test_good_records_are_computed_beside_bad_ones(owner, compute):
    answer = upload(owner, ("mixed.fasta", BROKEN_FASTA), defaults=json.dumps({"topology": "linear"}))
    compute("compute-dna")
    results = owner.get(answer.json()["links"]["results"]).json()["results"]
    assert [(row["name"], row["state"]) for row in results] == [
        ("good", "succeeded"),
        ("bad", "failed"),
        ("", "failed"),
    ]
    assert results[0]["values"]["length"] == 4
    assert results[0]["source"] == {"file": "mixed.fasta", "record": "good", "line": 1}


def test_a_file_that_cannot_be_read_is_refused_alone(owner):
    answer = upload(owner, ("notes.pdf", b"%PDF-1.7"), ("good.fasta", ">a [topology=linear]\nAT\n"))
    (refused,) = answer.json()["refused"]
    assert (refused["position"], refused["source"]["file"]) == (1, "notes.pdf")
    assert "PDF" in refused["message"]


def test_files_of_which_none_can_be_read_are_422(owner, problem):
    assert "notes.pdf: this looks like a PDF" in problem(upload(owner, ("notes.pdf", b"%PDF-1.7")), 422)["detail"]


def test_a_form_without_files_is_422_and_says_what_is_accepted(owner, problem):
    assert "FASTA, GenBank" in problem(upload(owner), 422)["detail"]


def test_a_service_whose_items_are_not_sequences_takes_no_files(owner, problem):
    assert "JSON" in problem(upload(owner, ("a.fasta", FASTA), service="toy"), 422)["detail"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"options": "{"}, "options"),
        ({"options": "[]"}, "options"),
        ({"options": '{"x": NaN'}, "options"),
        ({"defaults": "linear"}, "defaults"),
        ({"priority": "high"}, "priority"),
        ({"label": "a\x00b"}, "label"),
        ({"team": "1"}, "team"),
        ({"service": ""}, None),
    ],
)
def test_a_form_field_that_does_not_fit_is_422_and_named(fields, where, owner, problem):
    found = problem(upload(owner, ("a.fasta", FASTA), **fields), 422)
    assert where is None or found["errors"][0]["where"] == where


def test_options_of_a_form_are_in_effect(owner):
    answer = upload(owner, ("a.fasta", FASTA), options=json.dumps({"gc_window": 20}), priority="-2", label="plate 7")
    shown = answer.json()
    assert (shown["options"]["gc_window"], shown["priority"], shown["label"]) == (20, -2, "plate 7")


def test_the_same_upload_under_the_same_key_is_one_request(owner, problem):
    def send(text: str) -> Any:
        sent = {"service": "compute-dna", "files": SimpleUploadedFile("a.fasta", text.encode())}
        return owner.post(REQUESTS, sent, headers={"Idempotency-Key": "k"})

    assert send(FASTA).json()["id"] == send(FASTA).json()["id"]
    problem(send(FASTA + ">more\nAT\n"), 422)
    assert ServiceRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd.fasta", "passwd.fasta"), ("a\x07b.fasta", "ab.fasta"), ("\u202eb.fa", "b.fa")],
)
def test_a_files_name_is_shown_harmless(name, shown, owner):
    body = SERVICE + part(FILE.replace("a.fasta", name), FASTA) + "--x--"
    answer = owner.generic("POST", REQUESTS, body, content_type="multipart/form-data; boundary=x")
    assert answer.json()["refused"][0]["source"]["file"] == shown


def part(headers: str, content: str = "x") -> str:
    return f"--x\r\n{headers}\r\n\r\n{content}\r\n"


SERVICE = part('Content-Disposition: form-data; name="service"', "compute-dna")
FILE = 'Content-Disposition: form-data; name="f"; filename="a.fasta"'
BROKEN = {
    "blank": "\r\n",
    "no boundary in it": "nothing",
    "only the end": "--x--\r\n",
    "cut short in the headers": SERVICE + "--x\r\nContent-Dispo",
    "cut short in a file": SERVICE + f"--x\r\n{FILE}\r\n\r\n>a\nAT",
    "part without headers": SERVICE + "--x\r\n\r\nx\r\n--x--",
    "part without a name": SERVICE + part("Content-Disposition: form-data") + "--x--",
    "unknown charset in a name": SERVICE + part("Content-Disposition: form-data; name*=bogus''x") + "--x--",
    "headers not UTF-8": SERVICE + part('Content-Disposition: form-data; name="\udcff"') + "--x--",
    "endless headers": SERVICE + part("X: " + "y" * 20_000) + "--x--",
    "broken base64": SERVICE + part(f"{FILE}\r\nContent-Transfer-Encoding: base64", "A") + "--x--",
    "file name of dots": SERVICE + part(FILE.replace("a.fasta", "..")) + "--x--",
    "file twice the same": SERVICE + 2 * part(FILE, ">a\nA") + "--x--",
    "NULs": SERVICE + part(FILE, "\0" * 1000) + "--x--",
    "a file for the service": part(FILE.replace('"f"', '"service"'), FASTA) + "--x--",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_broken_form_is_refused(body, owner, problem):
    content = body.encode("utf-8", "surrogateescape")
    answer = owner.generic("POST", REQUESTS, content, content_type="multipart/form-data; boundary=x")
    problem(answer, 400 if answer.status_code == 400 else 422)


@pytest.mark.parametrize("kind", ["", "; boundary=", "; boundary=é", "; boundary=" + "x" * 300, "; boundary=\x00"])
def test_a_form_without_a_good_boundary_is_400(kind, owner, problem):
    answer = owner.generic("POST", REQUESTS, SERVICE, content_type=f"multipart/form-data{kind}")
    assert "form" in problem(answer, 400)["detail"]


def test_more_files_than_a_form_may_have_are_413_with_the_limit(owner, problem):
    files = [(f"{number}.fa", ">a\nA") for number in range(101)]
    assert "more than 100 files" in problem(upload(owner, *files), 413)["detail"]


def test_more_fields_than_a_form_may_have_are_413(owner, problem):
    fields = {f"x{number}": "" for number in range(1_100)}
    problem(upload(owner, ("a.fa", FASTA), **fields), 413)


def test_longer_fields_than_anyone_needs_are_413_with_the_limit(owner, problem):
    assert "1,000,000" in problem(upload(owner, ("a.fa", FASTA), options="[" + "[]," * 400_000), 413)["detail"]


def test_more_fields_than_anyone_needs_are_422(owner, problem):
    assert "100" in problem(upload(owner, ("a.fa", FASTA), **{f"x{n}": "" for n in range(200)}), 422)["detail"]


@override_settings(FOUNDRY_MAX_BODY_MB=1)
def test_a_zip_that_unpacks_to_more_than_the_limit_is_413_with_it(owner, problem):
    bomb = zipped(a__fasta=">a\n" + "A" * 9_000_000)
    assert len(bomb) < 100_000
    assert "8,388,608 bytes" in problem(upload(owner, ("bomb.zip", bomb)), 413)["detail"]


@override_settings(FOUNDRY_MAX_BODY_MB=1)
def test_a_gzip_that_unpacks_to_more_than_the_limit_is_413_with_it(owner, problem):
    bomb = gzip.compress(b">a\n" + b"A" * 9_000_000)
    assert "8,388,608 bytes" in problem(upload(owner, ("bomb.fa.gz", bomb)), 413)["detail"]


@override_settings(FOUNDRY_MAX_BODY_MB=1)
def test_an_upload_over_the_limit_of_a_body_is_413_with_it(owner, problem):
    assert "1 MiB" in problem(upload(owner, ("a.fasta", ">a\n" + "A" * 1_100_000)), 413)["detail"]


def test_more_records_than_the_service_takes_are_413_with_its_limit(owner, problem, monkeypatch):
    service = catalog.get("compute-dna")
    monkeypatch.setattr(catalog, "services", lambda: {"compute-dna": _with_items(service, 3)})
    detail = problem(upload(owner, ("a.fasta", FASTA), ("b.fasta", FASTA)), 413)["detail"]
    assert "b.fasta, record right" in detail
    assert "3 items" in detail


def _with_items(service: Any, items: int) -> Any:
    return dataclasses.replace(service, limits=dataclasses.replace(service.limits, items=items))


def test_a_sequence_over_the_services_limit_is_422_with_it(owner, problem, monkeypatch):
    monkeypatch.setattr(catalog.get("compute-dna").item, "max_length", 8)
    detail = problem(upload(owner, ("a.fasta", ">long [topology=linear]\nATCGGCTAA\n")), 422)["errors"][0]["message"]
    assert "9 bases" in detail
    assert "limit of 8" in detail
