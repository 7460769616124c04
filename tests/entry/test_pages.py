"""Pages as a browser has them through API Gateway, with a stage before every address, or with a domain of our own."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from foundry.accounts.caller import account
from foundry.accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)

#: What a page is drawn with, wherever an address may stand in it.
_ADDRESSES = re.compile(r'(?:href|src|action|hx-get|hx-post)="([^"#]+)')
_IN_STYLES = re.compile(r"url\(['\"]?([^)'\"]+)")
GATEWAYS = [("x.execute-api.us-east-1.amazonaws.com", "/development"), ("foundry.example", "")]


@pytest.fixture(params=GATEWAYS, ids=["stage", "domain"])
def get(request, invoke, settings):
    """Fetch an address as a browser does, signed in: by the path that the browser has."""
    host, prefix = request.param
    settings.ALLOWED_HOSTS = [host]
    signed_in = Client()
    signed_in.force_login(account("owner", "team")[0])
    headers = {"Host": host, "Cookie": f"sessionid={signed_in.cookies['sessionid'].value}"}
    context = {"stage": "development", "identity": {"sourceIp": "198.51.100.7"}}

    def get(address):
        path, query = urlsplit(address).path, urlsplit(address).query
        assert path.startswith(prefix + "/"), f"{address} is outside of the stage"
        event = {"httpMethod": "GET", "path": path.removeprefix(prefix), "headers": headers, "requestContext": context}
        asked = dict(part.split("=", 1) for part in query.split("&") if part)
        return invoke(event | {"queryStringParameters": asked})

    get.prefix = prefix
    return get


@pytest.mark.parametrize("page", ["/", "/services/toy/submit/", "/requests/", "/account/", "/nothing/"])
def test_every_address_on_a_page_leads_somewhere(page, get):
    answer = get(get.prefix + page)
    assert answer["statusCode"] == (404 if page == "/nothing/" else 200), answer["body"]
    found = {unescape(one) for one in _ADDRESSES.findall(answer["body"])}
    assert {urlsplit(one).path.rpartition(".")[2] for one in found} >= {"css", "js", "svg"}
    for address in found:
        assert get(urljoin(get.prefix + page, address))["statusCode"] in (200, 405), address


def test_the_stylesheet_and_what_it_names_are_there(get):
    address = f"{get.prefix}/static/portal/foundry.css"
    style = get(address)
    assert (style["statusCode"], style["headers"]["Content-Type"]) == (200, 'text/css; charset="utf-8"')
    for named in _IN_STYLES.findall(style["body"]):
        assert get(urljoin(address, named))["statusCode"] == 200, named


@pytest.mark.parametrize("page", ["/admin/", "/api/v1/docs"])
def test_pages_that_are_not_ours_have_their_styles_too(page, get):
    User.objects.update(is_staff=True, is_superuser=True)
    assets = [one for one in _ADDRESSES.findall(get(get.prefix + page)["body"]) if "/static/" in one]
    assert assets
    for address in assets:
        assert get(address)["statusCode"] == 200, address
