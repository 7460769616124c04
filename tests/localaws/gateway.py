"""HTTP requests as API Gateway's proxy events, functions' answers as HTTP: REST API ("1.0"), HTTP API ("2.0")."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from werkzeug import Request, Response

from tests.localaws.client import ACCOUNT

REQUEST_LIMIT = 10 * 1024 * 1024

#: A REST API is reached through CloudFront, whose address comes last in X-Forwarded-For.
EDGE = "127.0.0.2"
#: What an HTTP API hands on as text; a REST API, as zappa makes it, takes everything for binary.
_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded")
#: What a REST API keeps for itself and renames in a function's answer.
_REMAPPED = ("connection", "content-length", "date", "server", "www-authenticate")
_IDENTITY = (
    "accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
    "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
)  # fmt: skip


class BadAnswer(ValueError):  # noqa: N818
    """A function answered what API Gateway cannot turn into HTTP."""


@dataclass(frozen=True)
class Front:
    """Where a request came in. `domain` is None for the API's own address, whose paths begin with the stage."""

    api_id: str
    stage: str
    version: str
    domain: str | None = None

    def host(self, region: str) -> str:
        return self.domain or f"{self.api_id}.execute-api.{region}.amazonaws.com"

    def full_path(self, path: str) -> str:
        return path if self.domain else f"/{self.stage}{path}"


def event(request: Request, path: str, body: bytes, front: Front, region: str) -> dict[str, Any]:
    """The event for a request to `path`, as it was sent (percent-encoded)."""
    headers = _headers(request, front.host(region), [] if front.version == "2.0" else [EDGE])
    make = _event_v2 if front.version == "2.0" else _event_v1
    return make(request, path, body, front, headers)


def response(answer: bytes, version: str) -> Response:
    """Raises BadAnswer."""
    try:
        told = json.loads(answer)
    except ValueError as error:
        raise BadAnswer(str(error)) from None
    return _response_v2(told) if version == "2.0" else _response_v1(told)


def _event_v1(request: Request, path: str, body: bytes, front: Front, headers: list[tuple[str, str]]) -> dict[str, Any]:
    queries = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    proxied = unquote(path).removeprefix("/")
    return {
        "resource": "/{proxy+}" if proxied else "/",
        "path": path,
        "httpMethod": request.method,
        "headers": dict(headers),
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": dict(queries) or None,
        "multiValueQueryStringParameters": _lists(queries) or None,
        "pathParameters": {"proxy": proxied} if proxied else None,
        "stageVariables": None,
        "requestContext": _context_v1(request, path, front, dict(headers)),
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


def _context_v1(request: Request, path: str, front: Front, headers: dict[str, str]) -> dict[str, Any]:
    now, host = datetime.now(UTC), headers["Host"]
    agent = headers.get("User-Agent")
    return {
        "accountId": ACCOUNT,
        "apiId": front.api_id,
        "domainName": host,
        "domainPrefix": host.split(".")[0],
        "extendedRequestId": uuid.uuid4().hex[:15],
        "httpMethod": request.method,
        "identity": {**dict.fromkeys(_IDENTITY), "sourceIp": request.remote_addr, "userAgent": agent},
        "path": front.full_path(path),
        "protocol": "HTTP/1.1",
        "requestId": str(uuid.uuid4()),
        "requestTime": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
        "requestTimeEpoch": int(now.timestamp() * 1000),
        "resourceId": "proxy",
        "resourcePath": "/{proxy+}" if path != "/" else "/",
        "stage": front.stage,
    }


def _event_v2(request: Request, path: str, body: bytes, front: Front, headers: list[tuple[str, str]]) -> dict[str, Any]:
    now, query = datetime.now(UTC), request.query_string.decode("latin-1")
    lowered = _joined((name.lower(), value) for name, value in headers)
    cookies = lowered.pop("cookie", "")
    is_text = request.mimetype.startswith(_TEXT)
    full = front.full_path(path)
    told = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": full,
        "rawQueryString": query,
        "headers": lowered,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": front.api_id,
            "domainName": lowered["host"],
            "domainPrefix": lowered["host"].split(".")[0],
            "http": {
                "method": request.method,
                "path": full,
                "protocol": "HTTP/1.1",
                "sourceIp": request.remote_addr,
                "userAgent": lowered.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex[:15],
            "routeKey": "$default",
            "stage": front.stage,
            "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": bool(body) and not is_text,
    }
    if cookies:
        told["cookies"] = cookies.split("; ")
    if query:
        told["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
    if body:
        told["body"] = body.decode(errors="replace") if is_text else base64.b64encode(body).decode()
    return told


def _headers(request: Request, host: str, edge: list[str]) -> list[tuple[str, str]]:
    """The client's, and those that API Gateway adds. The client's way to it is taken for HTTPS, as AWS has no other."""
    ours = ("host", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
    kept = [(name, _secure(name, value)) for name, value in request.headers if name.lower() not in ours]
    forwarded = [*filter(None, [request.headers.get("X-Forwarded-For")]), request.remote_addr or "", *edge]
    return [
        *[(name, value) for name, value in kept if value],
        ("Host", host),
        ("X-Amzn-Trace-Id", f"Root=1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]}"),
        ("X-Forwarded-For", ", ".join(forwarded)),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]


def _secure(name: str, value: str) -> str:
    if name.lower() in ("origin", "referer"):
        return value.replace("http://", "https://", 1)
    return value


def _response_v1(told: Any) -> Response:
    if not isinstance(told, dict) or not isinstance(told.get("statusCode"), int):
        raise BadAnswer("A REST API needs an object with statusCode.")
    many = told.get("multiValueHeaders") or {}
    single = {name: [value] for name, value in (told.get("headers") or {}).items() if name not in many}
    pairs = [(name, str(value)) for name, values in {**single, **many}.items() for value in values]
    renamed = [(f"x-amzn-Remapped-{n}" if n.lower() in _REMAPPED else n, value) for n, value in pairs]
    return Response(_body(told), told["statusCode"], renamed)


def _response_v2(told: Any) -> Response:
    if not isinstance(told, dict) or "statusCode" not in told:
        # The short form: what is answered is the body.
        body = told if isinstance(told, str) else json.dumps(told)
        return Response(body, 200, content_type="application/json")
    pairs = [(name, str(value)) for name, value in (told.get("headers") or {}).items()]
    pairs += [("Set-Cookie", cookie) for cookie in told.get("cookies") or []]
    return Response(_body(told), int(told["statusCode"]), pairs)


def _body(told: dict[str, Any]) -> bytes:
    body = "" if told.get("body") is None else told["body"]
    if not isinstance(body, str):
        raise BadAnswer("The body must be a string.")
    if not told.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise BadAnswer(str(error)) from None


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: ",".join(values) for name, values in _lists(pairs).items()}
