"""The form of a request: preview, what is wrong and where, and the submission."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foundry import catalog
from foundry.core.models import Item, Result, ServiceRequest

pytestmark = pytest.mark.django_db
_HTMX = {"HX-Request": "true"}
_FASTA = ">good\nATGGCCATT\n>bad\nATGXQZ\n>other [topology=circular]\nATGC\n"


def _address(name: str = "compute-dna") -> str:
    return reverse("portal:submit", args=[name])


def _form(browser: Client, name: str = "compute-dna", **query: Any) -> dict[str, Any]:
    """What the page's form would send as it is."""
    page = browser.get(_address(name), query).content.decode()
    form = page[page.index('<form id="request"') : page.rindex("</form>")]
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if found.get("type") not in ("file", "checkbox") or " checked" in tag:
            fields[found["name"]] = found.get("value", "")
    fields |= dict(re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?([^<]*)</textarea>', form))
    for name_, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner) or re.search(r'value="([^"]*)"', inner)
        fields[name_] = chosen[1] if chosen else ""
    fields.pop("files", None)
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def _send(browser: Client, fields: dict[str, Any], name: str = "compute-dna", **more: Any) -> Any:
    headers = more.pop("headers", None)
    return browser.post(_address(name), fields | more, headers=headers)


def _file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize("name", sorted(catalog.services()))
def test_each_example_fills_the_form_and_can_be_submitted_as_it_is(owners_browser: Client, name: str):
    for ordinal, example in enumerate(catalog.get(name).examples, 1):
        fields = _form(owners_browser, name, example=ordinal)
        fields = {key: _unescaped(value) for key, value in fields.items()}
        answer = _send(owners_browser, fields, name, action="submit")
        assert answer.status_code == 302, re.findall(r"To put right.*?</ul>", answer.content.decode(), re.DOTALL)
        request = ServiceRequest.objects.latest("created_at")
        assert (request.item_count, request.invalid_count) == (len(example.items), 0)
        options = catalog.get(name).options
        assert options.model_validate(request.options) == options.model_validate(example.options)
        sent = [catalog.get(name).item.model_validate(item).model_dump() for item in example.items]
        kept = Item.objects.filter(request=request).order_by("position").values_list("input", flat=True)
        assert [catalog.get(name).item.model_validate(item).model_dump() for item in kept] == sent


def _unescaped(value: str) -> str:
    for entity, letter in (("&quot;", '"'), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        value = value.replace(entity, letter)
    return value


def test_a_preview_lists_each_record_with_its_problem_and_stores_nothing(owners_browser: Client):
    fields = _form(owners_browser) | {"defaults.topology": "linear"}
    page = _send(owners_browser, fields, designs=_FASTA, headers=_HTMX).content.decode()
    assert "<html" not in page
    assert "pasted text, line 3" in page
    assert "3 of 6 characters are not IUPAC DNA codes" in page
    assert "9 bp, linear" in page
    assert "4 bp, circular" in page
    assert "Submit the 2 good items" in page
    assert not ServiceRequest.objects.exists()


def test_files_are_previewed_and_sent_again_to_submit(owners_browser: Client):
    fields = _form(owners_browser) | {"defaults.topology": "linear", "label": "plate  7", "tags": "Promoters, cycle 7"}
    page = _send(owners_browser, fields, files=_file("designs.fa", _FASTA.encode())).content.decode()
    assert "designs.fa, line 3" in page
    assert "Without JavaScript" in page
    answer = _send(owners_browser, fields, files=_file("designs.fa", _FASTA.encode()), action="submit-good")
    request = ServiceRequest.objects.get()
    assert answer["Location"] == reverse("portal:request", args=[request.pk])
    assert (request.item_count, request.invalid_count, request.label) == (3, 1, "plate 7")
    assert request.tags == ["promoters", "cycle 7"]
    assert (request.owner.username, request.team.name) == ("owner", "team")
    assert Result.objects.get(request=request).position == 2


def test_files_are_taken_as_the_api_takes_them(owners_browser: Client):
    fields = _form(owners_browser) | {"defaults.topology": "linear"}
    table = b"name;sequence;topology\nA;ATGC;circular\n"
    files = [_file("a.fa.gz", gzip.compress(b">x\nATGC\n")), _file("b.csv", table), _file("c.pdf", b"%PDF-1")]
    page = _send(owners_browser, fields, files=files).content.decode()
    assert "a.fa.gz, line 1" in page
    assert "4 bp, circular" in page
    assert "this looks like a PDF document" in page.replace("This", "this")


def test_a_files_name_stays_as_it_is_written(owners_browser: Client):
    page = _send(owners_browser, _form(owners_browser), files=_file("r.pdf", b"%PDF-1")).content.decode()
    assert "r.pdf: this looks like a PDF document" in page


def test_what_was_odd_in_a_file_is_noted_and_can_be_submitted(owners_browser: Client):
    fasta = ">a topology=circular\nATGC\n>b topology=circular\nATGC\n>\nATGC\n>d [topology=linear]\nATGC\n"
    fields = _form(owners_browser) | {"defaults.topology": "linear", "designs": fasta}
    page = _send(owners_browser, fields, headers=_HTMX).text
    said = "The topology is not read from &#x27;topology=circular&#x27; in the header; write it as [topology=circular]."
    assert f"<li>Item 1 and 1 other: {said}</li>" in page
    assert "<li>Item 3: The header has no name.</li>" in page
    assert page.count(f"Note: {said}") == 2
    assert "Submit 4 items" in page
    assert _send(owners_browser, fields, action="submit").status_code == 302


def test_the_most_frequent_notes_are_told_above_the_list(owners_browser: Client):
    fasta = "".join(f">r{n} topology: {'  ' * (n % 5)}circular\nATGC\n" for n in range(100))
    page = _send(owners_browser, _form(owners_browser) | {"defaults.topology": "linear"}, designs=fasta).text
    assert "Item 1 and 19 others: The topology" in page
    assert "2 other notes stand in the list." in page


@pytest.mark.parametrize("name", ["compute-dna", "toy"])
def test_the_form_says_how_to_write_what_people_do_not_guess(owners_browser: Client, name: str):
    page = owners_browser.get(_address(name)).text
    assert ("&gt;pUC19 [topology=circular]" in page) is (name == "compute-dna")
    assert ('a cell such as <code>["a", "b"]</code>' in page) is (name == "toy")


def test_with_bad_ones_submit_asks_first(owners_browser: Client):
    fields = _form(owners_browser) | {"defaults.topology": "linear", "designs": _FASTA}
    answer = _send(owners_browser, fields, action="submit")
    assert answer.status_code == 422
    assert "Submit the 2 good items" in answer.content.decode()
    assert not ServiceRequest.objects.exists()


def test_what_no_record_says_is_asked_beside_the_field(owners_browser: Client):
    page = _send(owners_browser, _form(owners_browser), designs=">a\nATGC\n>b\nATGG\n", action="submit-good")
    assert page.status_code == 422
    shown = page.content.decode()
    assert "Topology: this is needed and was not given.<" in shown
    errors = shown[shown.index('id="defaults-topology-errors"') :]
    assert errors.partition("</ul>")[0].endswith("2 items do not say this; choose it here for all that do not.</li>")


def test_the_good_ones_go_though_others_lack_something(owners_browser: Client):
    fields = _form(owners_browser) | {"designs": _FASTA}
    assert _send(owners_browser, fields, action="submit-good").status_code == 302
    assert ServiceRequest.objects.get().invalid_count == 2


def test_a_sequence_alone_is_an_item(owners_browser: Client):
    fields = _form(owners_browser) | {"designs": " atgc\nATGG ", "defaults.topology": "circular"}
    assert _send(owners_browser, fields, action="submit").status_code == 302
    assert Item.objects.get().input["sequence"] == "ATGCATGG"


@pytest.mark.parametrize("fragment", [True, False])
def test_an_options_error_stands_beside_its_field(owners_browser: Client, fragment: bool):
    fields = _form(owners_browser, example=1) | {"options.gc_window": "5", "options.sodium_mM": "many"}
    answer = _send(owners_browser, fields, action="submit", headers=_HTMX if fragment else {})
    page = answer.content.decode()
    assert answer.status_code == 422
    for field, message in (("gc_window", "It must be at least 10."), ("sodium_mM", "It must be a number, not")):
        assert message in page[page.index(f'id="options-{field}-errors"') :].partition("</ul>")[0]
        assert f'href="#options-{field}"' in page
    assert fragment or 'value="many"' in page
    assert not ServiceRequest.objects.exists()


def test_an_error_of_the_options_together_stands_over_them(owners_browser: Client):
    fields = _form(owners_browser, example=1) | {"options.target_nM": "900"}
    page = _send(owners_browser, fields, action="submit").content.decode()
    assert "“Target” is over “Oligo”" in page[page.index('id="options-errors"') :].partition("</ul>")[0]


def test_nothing_is_offered_for_submission_before_faults_are_put_right(owners_browser: Client):
    fields = _form(owners_browser, example=1)
    assert 'name="action" value="submit' in _send(owners_browser, fields).content.decode()
    page = _send(owners_browser, fields, **{"options.gc_window": "5"}).content.decode()
    assert 'name="action" value="submit' not in page
    assert "Nothing can be submitted before that is put right." in page


def test_json_that_is_none_is_told_beside_the_field(owners_browser: Client):
    fields = _form(owners_browser, "screen-synthesis", example=1) | {"options.rules": "[{]"}
    page = _send(owners_browser, fields, "screen-synthesis", action="submit").content.decode()
    assert "This is not JSON" in page[page.index('id="options-rules-errors"') :].partition("</ul>")[0]
    fields["options.rules"] = '[{"kind": "length", "minimum": 9, "maximum": 5}]'
    page = _send(owners_browser, fields, "screen-synthesis", action="submit").content.decode()
    assert "swap them" in page[page.index('id="options-rules-errors"') :].partition("</ul>")[0]


def test_a_double_click_or_a_reload_submits_once(owners_browser: Client):
    fields = _form(owners_browser, example=1) | {"action": "submit"}
    first, second = (_send(owners_browser, fields) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert ServiceRequest.objects.count() == 1


def test_whoever_is_about_to_submit_the_same_again_is_told(owners_browser: Client, strangers_browser: Client):
    filled = _form(owners_browser) | {"designs": ">a [topology=linear]\nATGC"}
    assert "The same was submitted" not in _send(owners_browser, filled, action="preview").text
    _send(owners_browser, filled | {"label": "plate 7"}, action="submit")
    again = _form(owners_browser) | {"designs": filled["designs"], "label": "plate 7"}
    shown = _send(owners_browser, again, action="preview").text
    [earlier] = ServiceRequest.objects.all()
    assert f'<a href="/requests/{earlier.pk}/">plate 7</a>' in shown
    assert "The same was submitted" not in _send(owners_browser, again | {"label": "plate 8"}, action="preview").text
    assert "The same was submitted" not in _send(strangers_browser, again, action="preview").text
    ServiceRequest.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    assert "The same was submitted" not in _send(owners_browser, again, action="preview").text


def test_another_content_on_the_same_page_is_another_request(owners_browser: Client):
    fields = _form(owners_browser, example=1) | {"action": "submit"}
    first, second = _send(owners_browser, fields), _send(owners_browser, fields, label="again")
    assert first["Location"] != second["Location"]


def test_htmx_is_told_where_the_request_is(owners_browser: Client):
    answer = _send(owners_browser, _form(owners_browser, example=1), action="submit", headers=_HTMX)
    assert answer["HX-Redirect"] == reverse("portal:request", args=[ServiceRequest.objects.get().pk])


def test_nothing_given_is_told(owners_browser: Client):
    answer = _send(owners_browser, _form(owners_browser), action="submit")
    assert answer.status_code == 422
    assert "There are no items yet" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"label": "x" * 201}, "at most 200 letters"),
        ({"label": "a\x00b"}, "no control characters"),
        ({"tags": "x" * 51}, "at most 50 letters"),
        ({"tags": ",".join(map(str, range(11)))}, "at most 10 tags"),
        ({"designs": "[" * 100_000}, "not JSON"),
        ({"designs": "[1]"}, "entry 1 is no object"),
        ({"designs": "<html>"}, "a web page"),
        ({"designs": "\x00\x01"}, "looks like a binary file"),
        ({"options.gc_window": "9" * 5000}, "GC window"),
        ({"options.sodium_mM": "nan"}, "Sodium"),
        ({"options.host": "yeti"}, "Host"),
    ],
)
def test_hostile_forms_are_refused_in_words(owners_browser: Client, fields: dict[str, str], told: str):
    answer = _send(owners_browser, _form(owners_browser, example=1) | fields, action="submit")
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not ServiceRequest.objects.exists()


def test_a_hostile_token_or_page_does_no_harm(owners_browser: Client):
    fields = _form(owners_browser, example=1)
    assert _send(owners_browser, fields, list="bad-99999999999999").status_code == 200
    assert _send(owners_browser, fields, list="x--1").status_code == 200
    assert _send(owners_browser, fields, token="\x00", action="submit").status_code == 302


def test_names_are_shown_as_text(owners_browser: Client):
    fields = _form(owners_browser) | {"defaults.topology": "linear", "designs": "><script>x</script>\nATGC\n"}
    page = _send(owners_browser, fields, headers=_HTMX).content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_many_records_are_listed_page_by_page_the_bad_ones_first(owners_browser: Client):
    fasta = "".join(f">r{n}\n{'ATGX' if n % 3 == 0 else 'ATGC'}\n" for n in range(1, 601))
    fields = _form(owners_browser) | {"defaults.topology": "linear", "designs": fasta}
    with CaptureQueriesContext(connection) as queries:
        answer = _send(owners_browser, fields, headers=_HTMX)
    page = answer.content.decode()
    assert len(queries) < 10
    assert len(answer.content) < 200_000
    assert page.count("<tr") == 51
    assert "Page 1 of 4" in page
    assert "Submit the 400 good items" in page
    assert ">r600<" in _send(owners_browser, fields, list="bad-4", headers=_HTMX).content.decode()
    everything = _send(owners_browser, fields, list="all-12", headers=_HTMX).content.decode()
    assert "Page 12 of 12" in everything
    assert ">r599<" in everything


def test_a_service_without_sequences_takes_json_or_a_table(owners_browser: Client):
    for text in ('[{"number": 1}, {"number": -1}]', "name,number\na,1\nb,-1\n", "number\n1\n-1\n"):
        page = _send(owners_browser, _form(owners_browser, "toy"), "toy", designs=text, headers=_HTMX).content.decode()
        assert "Submit the 1 good item<" in page
        assert "Number: it must be at least 0." in page


def test_an_estimate_comes_from_what_was_measured(owners_browser: Client, make_request: Any, compute: Any):
    fields = _form(owners_browser, "toy", example=1)
    assert "time: not measured yet" in _send(owners_browser, fields, "toy").content.decode()
    make_request({"number": 1})
    compute()
    page = _send(owners_browser, fields, "toy").content.decode()
    assert "roughly, once it runs, in 1 job" in page
    assert "no cost: this Foundry bills nothing" in page


def test_an_earlier_request_is_cloned_for_its_team_only(
    owners_browser: Client, teammates_browser: Client, strangers_browser: Client, make_request: Any
):
    request = make_request({"number": 7, "name": "x"}, {"number": -1}, options={"factor": 3}, label="L", tags=["t"])
    for browser in (owners_browser, teammates_browser):
        fields = _form(browser, "toy", **{"from": request.pk})
        assert (fields["options.factor"], fields["label"], fields["tags"]) == ("3", "L", "t")
        assert "x,7" in fields["designs"]
    asked = {"from": request.pk}
    assert strangers_browser.get(_address("toy"), asked).status_code == 404
    assert owners_browser.get(_address("compute-dna"), asked).status_code == 404
    assert owners_browser.get(_address("toy"), {"from": "x"}).status_code == 404
    for example in ("9", "0000019", "0", "-1", "٣", "1" * 5000):
        assert owners_browser.get(_address("toy"), {"example": example}).status_code == 404


def test_a_clone_has_the_default_of_those_that_were_refused_too(owners_browser: Client):
    fields = _form(owners_browser) | {"defaults.topology": "linear", "designs": ">good\nATGC\n>bad\nATGQ\n"}
    _send(owners_browser, fields, action="submit-good")
    clone = _form(owners_browser, **{"from": ServiceRequest.objects.get().pk})
    assert clone["designs"].split() == ["name,sequence,topology", "good,ATGC,linear", "bad,ATGQ,linear"]
    mended = clone | {"designs": clone["designs"].replace("ATGQ", "ATGA")}
    assert _send(owners_browser, mended, action="submit").status_code == 302


def test_a_clone_of_many_quotes_is_not_larger_than_a_page_may_be(owners_browser: Client, make_request: Any):
    request = make_request(*({"number": n, "name": '"' * 200} for n in range(500)))
    answer = owners_browser.get(_address("toy"), {"from": request.pk})
    assert "do not fit into this page" in answer.content.decode()
    assert len(answer.content) < 200_000


def test_a_large_request_is_cloned_without_its_items(owners_browser: Client, make_request: Any):
    request = make_request(*({"number": n} for n in range(501)))
    page = owners_browser.get(_address("toy"), {"from": request.pk}).content.decode()
    assert "Its 501 items do not fit into this page" in page


def test_a_body_over_the_limit_is_refused_in_words(owners_browser: Client, settings: Any):
    fields = _form(owners_browser)
    settings.FOUNDRY_MAX_UPLOAD = 1024 * 1024
    answer = _send(owners_browser, fields, files=_file("a.fa", b">a\n" + b"A" * 1_100_000), action="submit")
    assert answer.status_code == 422
    assert "are over 1 MiB together" in answer.content.decode()
    assert "pack the files into a zip" in answer.content.decode()


def test_a_service_that_is_not_released_yet_is_said_so(owners_browser: Client, settings: Any):
    fields = _form(owners_browser, "toy", example=1)
    settings.FOUNDRY_COMPUTED_ELSEWHERE = ["toy"]
    answer = _send(owners_browser, fields, "toy", action="submit")
    assert answer.status_code == 503
    assert "toy is not released yet" in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, _HTMX])
def test_too_many_files_are_refused_in_words(owners_browser: Client, headers: dict[str, str]):
    files = [_file(f"{n}.fa", b">a\nATGC\n") for n in range(101)]
    answer = _send(owners_browser, _form(owners_browser), files=files, headers=headers)
    assert answer.status_code == 400
    assert "more than 100 files, the limit; put them into one zip file" in answer.content.decode()
    assert ("<html" in answer.content.decode()) is not bool(headers)
