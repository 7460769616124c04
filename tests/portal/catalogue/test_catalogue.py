"""The catalogue and a service's page."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_script_prefix
from django.urls import reverse

from deploy import contents, stages
from foundry import catalog
from foundry.core.models import Job
from foundry.portal.catalogue import notes

pytestmark = pytest.mark.django_db
_INDEX = "/"
_LARGEST = 200_000


def _service(name: str) -> str:
    return reverse("portal:service", args=[name])


def test_every_service_is_there_under_its_stage(owners_browser: Client):
    page = owners_browser.get(_INDEX).content.decode()
    for service in catalog.services().values():
        assert reverse("portal:service", args=[service.name]) in page
    assert page.index("Design</h2>") < page.index("compute-dna/") < page.index("Test</h2>") < page.index("toy/")


def test_a_search_keeps_those_with_all_its_words(owners_browser: Client):
    page = owners_browser.get(_INDEX, {"q": "DNA synthesised profile Holds"}).content.decode()
    assert "screen-synthesis/" not in page  # not all words
    page = owners_browser.get(_INDEX, {"q": "usw040"}).content.decode()
    assert "screen-synthesis/" in page
    assert "compute-dna/" not in page


@pytest.mark.parametrize(
    "query",
    [
        *(
            "GC content",
            "plasmids",
            "primers",
            "Tm",
            "genbank",
            "SnapGene",
            "BsaI",
            "unique cutters",
            "codon-randomised",
        ),
        *("mitochondrial code", "coli", "orf_minimum", "melting_temperature celsius"),
    ],
)
def test_a_service_is_found_by_what_it_computes_takes_and_asks(owners_browser: Client, query: str):
    assert "compute-dna/" in owners_browser.get(_INDEX, {"q": query}).text


def test_a_search_is_for_the_beginnings_of_words(owners_browser: Client):
    assert "compute-dna/" in owners_browser.get(_INDEX, {"q": "hairp"}).text
    assert "compute-dna/" not in owners_browser.get(_INDEX, {"q": "airpin"}).text


def test_a_search_that_finds_nothing_says_so(owners_browser: Client):
    assert "No service has all of these words" in owners_browser.get(_INDEX, {"q": "<b>zebra"}).content.decode()


def test_a_search_from_htmx_gets_the_list_alone(owners_browser: Client):
    page = owners_browser.get(_INDEX, {"q": "toy"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert "toy/" in page


@pytest.mark.parametrize("name", ["compute-dna", "screen-synthesis", "toy"])
def test_a_service_says_what_it_does_takes_and_gives(owners_browser: Client, name: str):
    service = catalog.get(name)
    answer = owners_browser.get(_service(name))
    page = answer.content.decode()
    assert len(answer.content) < _LARGEST
    assert len(re.findall("<h1", page)) == 1
    for option in service.options.model_json_schema()["properties"]:
        assert f"<code>{option}</code>" in page
    for ordinal, _ in enumerate(service.examples, 1):
        assert f"{reverse('portal:submit', args=[name])}?example={ordinal}" in page
    for artifact in service.artifacts:
        assert artifact.name in page
    assert f"&quot;service&quot;: &quot;{name}&quot;" in page


def test_programs_are_shown_the_address_with_the_stage_in_it(owners_browser: Client):
    address = _service("toy")
    with override_script_prefix("/production/"):
        page = owners_browser.get(address, headers={"host": "localhost"}).content.decode()
    assert "Foundry(&quot;http://localhost/production&quot;, token" in page
    assert "curl http://localhost/production/api/v1/requests" in page


def test_a_service_says_how_much_can_be_sent_at_once(owners_browser: Client, settings):
    settings.FOUNDRY_MAX_UPLOAD = 4_500_000
    assert "up to 4.5 MB at once" in owners_browser.get(_service("compute-dna")).content.decode()
    form = owners_browser.get("/services/compute-dna/submit/").content.decode()
    assert "Up to 4.5 MB at once" in form
    assert 'data-most-bytes="4500000"' in form


def test_its_readme_is_its_method_notes(owners_browser: Client):
    page = owners_browser.get(_service("compute-dna")).content.decode()
    assert "<h3>What it computes</h3>" in page
    assert "SantaLucia 1998, PNAS 95:1460</td>" in page


@pytest.mark.parametrize("stage", ["development", "production"])
def test_the_notes_and_what_shows_them_are_in_the_functions_package(stage: str):
    assert "services/compute_dna/README.md" not in contents.foreign(stages.get(stage))
    assert {"markdown-it-py", "mdurl"} <= contents.distributions(stages.get(stage))


def test_starting_the_platform_imports_no_markdown():
    code = "import django, sys; django.setup(); import foundry.urls; sys.exit('markdown_it' in sys.modules)"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_notes_are_safe_by_construction():
    text = "# T\n<script>1</script> [a](javascript:x) [b](https://x.example) [c](file.md) ![d](https://x.example/e.png)"
    html = notes.render(text)
    assert "<script" not in html
    assert "<img" not in html
    assert re.findall('href="([^"]*)"', html) == ["https://x.example", "https://x.example/e.png"]
    assert "<h1" not in html


def test_time_is_not_known_before_it_is_measured(owners_browser: Client):
    assert "not measured yet" in owners_browser.get(_service("toy")).content.decode()


def test_time_is_the_median_of_finished_jobs(owners_browser: Client, make_request, compute):
    request = make_request({"number": 1}, {"number": 2})
    compute()
    job = Job.objects.get(request=request)
    assert job.finished_at
    assert job.claimed_at
    page = owners_browser.get(_service("toy")).content.decode()
    assert "median of the last 1 job)" in page
    assert "none: this Foundry bills nothing" in page


def test_the_address_above_a_service_leads_to_the_catalogue(owners_browser: Client):
    answer = owners_browser.get("/services/")
    assert (answer.status_code, answer["Location"]) == (302, _INDEX)


def test_an_unknown_service_is_404(owners_browser: Client):
    assert owners_browser.get("/services/no-such/").status_code == 404
    assert owners_browser.get("/services/no-such/submit/").status_code == 404


@pytest.mark.parametrize("address", [_INDEX, "/services/toy/", "/services/toy/submit/"])
def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None, address: str):
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("portal:sign-in"))


@pytest.mark.parametrize("address", [_INDEX, "/services/toy/", "/services/toy/submit/"])
def test_services_are_for_everybody(
    teammates_browser: Client, strangers_browser: Client, owners_browser: Client, address: str
):
    for browser in (owners_browser, teammates_browser, strangers_browser):
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        assert len(queries) < 10


def test_sign_in_says_what_is_wrong_beside_the_form(client: Client, db: None):
    page = client.post(reverse("portal:sign-in"), {"username": "nobody", "password": "wrong"}).content.decode()
    assert "Please enter a correct username and password" in page
    assert 'value="nobody"' in page


def test_a_service_that_has_no_example_yet_has_its_pages(owners_browser: Client):
    page = owners_browser.get("/services/toy-dated/")
    assert page.status_code == 200
    assert "Examples" not in page.text
    assert "curl" not in page.text
    assert "Examples" not in owners_browser.get("/services/toy-dated/submit/").text
