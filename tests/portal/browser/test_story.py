"""What a person does who never saw a terminal, from signing in to the data at home, in a real browser.

Each page on the way is looked at: see `looks.py`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from foundry.client import RequestState
from tests.portal.browser.looks import Looks
from tests.portal.browser.receiver import Receiver, receiver
from tests.portal.browser.running import ENGINEER, OPERATOR, PASSWORD, ROOT, Platform

#: A plasmid and a promoter, and between them a protein, which nobody can profile as DNA.
PLASMID = (ROOT / "examples" / "pUC19.gb").read_text()
GOOD = ">lac-promoter [topology=linear]\nCCCAGGCTTTACACTTTATGCTTCCGGCTCGTATGTTGTGTGGAATTGTGAGCGGATAACAATTTCACACAGGA\n"
T7 = ">T7 [topology=linear]\nTAATACGACTCACTATAGGG\n"
FAULTY = ">T7 [topology=linear]\nMTMITPSLHACRSTLEDPRVPSSNSLAVVLQRRDWENPGVTQLNRLAAHPPF\n"

_DROP = """(zone, files) => {
  const carried = new DataTransfer();
  for (const [name, text] of files) carried.items.add(new File([text], name));
  for (const kind of ['dragover', 'drop'])
    zone.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: carried}));
}"""


@pytest.fixture
def lims() -> Iterator[Receiver]:
    with receiver() as it:
        yield it


def sign_in(page: Page, name: str) -> None:
    page.goto("/account/sign-in/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Services")).to_be_visible()


def drop(page: Page, **files: str) -> None:
    page.locator(".drop").evaluate(_DROP, [[name.replace("_", "."), text] for name, text in files.items()])


def submit_toys(page: Page, *items: dict[str, object], label: str) -> None:
    page.goto("/services/toy/submit/")
    page.get_by_label("Label").fill(label)
    page.get_by_label("Paste").fill(json.dumps(items))
    page.get_by_role("button", name=re.compile(r"Submit \d+ item")).click()
    expect(page.get_by_role("heading", level=1, name=label)).to_be_visible()


def expect_state(page: Page, state: str) -> None:
    """Without loading the page again: it looks by itself."""
    expect(page.locator("#live .state").first).to_have_text(state, timeout=40_000)


def test_from_signing_in_to_the_data_at_home(
    looks_of: Callable[[str], Looks], lims: Receiver, running: Platform, tmp_path: Path
) -> None:
    looks = looks_of("story")
    page = looks.page

    page.goto("/")
    looks.at("sign-in")
    sign_in(page, ENGINEER)
    looks.at("services")

    secret = _add_endpoint(looks, lims)
    _find_the_service(looks)
    _submit_what_is_good(looks)
    request = page.url.rstrip("/").rpartition("/")[2]
    expect_state(page, "succeeded")
    looks.at("request-ended")
    _look_at_the_results(looks)
    _take_the_data_home(looks, tmp_path)
    _cancel_another(looks)
    _retry_a_third(looks)

    told = lims.wait_for(lambda message: message["data"].get("id") == request, secret)
    assert (told["type"], told["data"]["state"]) == ("request.finished", "succeeded")
    assert told["data"]["links"]["page"] == f"{running.url}/requests/{request}/"
    assert running.foundry.request(request).state is RequestState.SUCCEEDED
    _see_what_was_sent(looks)
    _sign_out(looks)
    assert looks.faults == []


def _add_endpoint(looks: Looks, lims: Receiver) -> str:
    page = looks.page
    page.get_by_role("navigation", name="Account").get_by_role("link").click()
    looks.at("account")
    for tab in ("Teams", "Tokens", "Webhooks"):
        page.get_by_role("navigation", name="Account pages").get_by_role("link", name=tab).click()
        expect(page.get_by_role("heading", level=1, name=tab)).to_be_visible()
        looks.at(tab.lower())
    page.get_by_label("Address").fill(lims.url)
    page.get_by_role("button", name="Add the endpoint").click()
    secret = page.locator("#secret").inner_text()
    looks.at("webhooks-secret")
    page.reload()  # makes no other endpoint, and shows the secret no more
    expect(page.get_by_role("heading", level=1, name=lims.url)).to_be_visible()
    expect(page.locator("#secret")).to_have_count(0)
    return secret


def _find_the_service(looks: Looks) -> None:
    page = looks.page
    page.get_by_role("link", name="Services").click()
    page.get_by_role("searchbox").press_sequentially("melting")
    expect(page.get_by_text("match “melting”")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(1)
    page.get_by_role("link", name="Compute DNA").click()
    looks.at("service")
    page.get_by_role("link", name="Submit a request").click()


def _submit_what_is_good(looks: Looks) -> None:
    """Of a dropped file one record is bad and one odd, and both are told; it is put right, dropped again, submitted."""
    page = looks.page
    looks.at("submit-empty")
    page.get_by_label("Label").fill("Promoters")
    page.get_by_label("Tags").fill("cycle 7")
    page.get_by_label("Tags").press("Tab")
    drop(page, promoters_fasta=GOOD.replace("lac-promoter ", "") + FAULTY, pUC19_gb=PLASMID)
    bad = page.locator("tr.bad")
    expect(bad).to_have_count(1)
    expect(bad).to_contain_text("T7")
    expect(bad).to_contain_text("look like a protein")
    expect(page.get_by_text("Item 1: The header has no name.")).to_be_visible()
    expect(page.get_by_role("button", name="Submit the 2 good items")).to_be_visible()
    looks.at("submit-problem")
    drop(page, promoters_fasta=GOOD + T7, pUC19_gb=PLASMID)
    expect(page.locator("tr.bad")).to_have_count(0)
    expect(page.get_by_text("The header has no name.")).to_have_count(0)
    looks.at("submit-good")
    page.get_by_role("button", name="Submit 3 items").click()
    expect(page.get_by_role("heading", level=1, name="Promoters")).to_be_visible()


def _look_at_the_results(looks: Looks) -> None:
    page = looks.page
    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("columnheader").get_by_role("link").first.click()
    expect(page.locator("th[aria-sort]")).to_be_visible()
    looks.at("results")
    page.get_by_role("link", name="Distributions").click()
    expect(page.locator("svg.plot").first).to_be_visible()
    looks.at("distributions")
    page.get_by_role("link", name="Table").click()
    page.locator("tbody th a").filter(has_text=re.compile("UC19")).click()
    for figure in page.locator("figure img").all():
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_js_property("complete", True)
        assert figure.evaluate("image => image.naturalWidth") > 0
    assert page.locator("figure img").count()
    looks.at("item")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1, name="Two items side by side")).to_be_visible()
    looks.at("compare")


def _take_the_data_home(looks: Looks, folder: Path) -> None:
    page = looks.page
    page.get_by_role("link", name="Results", exact=True).click()
    page.get_by_role("link", name="Downloads").click()
    looks.at("downloads")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download all as zip").click()
    path = folder / saved.value.suggested_filename
    saved.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        contents = {Path(name).name: archive.read(name) for name in archive.namelist()}
    rows = list(csv.DictReader(io.StringIO(contents["results.csv"].decode())))
    assert len(rows) == 3
    assert {row["name"] for row in rows} >= {"lac-promoter", "T7"}
    provenance = json.loads(contents["provenance.json"])
    assert (provenance["service"], provenance["tags"]) == ("compute-dna", ["cycle 7"])
    assert provenance["made_by"][0]["versions"]["biopython"]
    assert contents["map.svg"].lstrip().startswith(b"<svg")
    assert contents["annotated.gb"].startswith(b"LOCUS")


def _cancel_another(looks: Looks) -> None:
    """While it runs, once its progress has moved."""
    page = looks.page
    submit_toys(page, *({"number": number, "seconds": 0.3} for number in range(300)), label="Too many")
    expect(page.locator("#live progress")).to_have_js_property("max", 300)
    page.wait_for_function("() => document.querySelector('#live progress').value > 0")
    looks.at("request-running")
    page.get_by_role("link", name="Cancel").click()
    looks.at("cancel")
    page.get_by_role("button", name="Cancel the request").click()
    expect_state(page, "cancelled")


def _retry_a_third(looks: Looks) -> None:
    page = looks.page
    submit_toys(page, {"number": 1}, {"do": "err"}, label="Half of it")
    expect_state(page, "partial")
    expect(page.get_by_text("It was told to err.")).to_be_visible()
    looks.at("request-partial")
    page.get_by_role("button", name="Retry 1 failed").click()
    expect(page.get_by_text("1 failed item will be computed again.")).to_be_visible()
    expect_state(page, "partial")
    page.get_by_role("link", name="Requests", exact=True).first.click()
    expect(page.locator("tbody tr").first).to_contain_text("Half of it")
    looks.at("requests")


def _see_what_was_sent(looks: Looks) -> None:
    page = looks.page
    page.goto("/account/webhooks/")
    page.locator("tbody a").first.click()
    looks.at("webhook")
    page.get_by_role("link", name="New secret").click()
    looks.at("webhook-new-secret")
    page.get_by_role("link", name="Keep the old one").click()
    page.locator("tbody th a").first.click()
    looks.at("delivery")


def _sign_out(looks: Looks) -> None:
    page = looks.page
    page.get_by_role("navigation", name="Account").get_by_role("link").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/requests/")
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


def test_an_operator_sees_the_queue_the_releases_and_the_costs(looks_of: Callable[[str], Looks]) -> None:
    looks = looks_of("operator")
    page = looks.page
    sign_in(page, OPERATOR)
    submit_toys(page, *({"number": number, "seconds": 0.2} for number in range(12)), label="In the queue")
    page.get_by_role("link", name="Operate").click()
    expect(page.get_by_role("row", name=re.compile("^Toy ")).first).to_be_visible()
    looks.at("queue")
    for tab in ("Releases", "Costs"):
        page.get_by_role("link", name=tab).click()
        looks.at(tab.lower())
    assert looks.faults == []
