"""The same calls without HTTP: each is an invocation of the API's Lambda function, with an event like API Gateway's."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter

from foundry.client import extras
from foundry.client.errors import FoundryError
from foundry.client.http import TIMEOUT_S, Http

#: What `requests` finds the adapter by; nothing is looked up under it.
_SCHEME = "http+lambda://"
#: What Lambda takes and gives in one invocation.
_MOST_BYTES = 6 * 1024 * 1024


class Invoke(Http):
    """Calls to the API in that function: its name or ARN, with `:alias` or `:version` behind it if it has to be one."""

    streams = False

    def __init__(self, function: str, token: str | None = None) -> None:
        super().__init__(f"{_SCHEME}foundry", token)
        self.name = f"the Lambda function {function}"
        self._session.mount(_SCHEME, _Adapter(function))


class _Adapter(BaseAdapter):
    """Sends what `requests` has made of a call as an event, and makes an answer of what the function returns."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self._function = function
        self._client: Any = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        payload = json.dumps(_event(request)).encode()
        if len(payload) > _MOST_BYTES:
            raise FoundryError(
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                title=f"This makes an event of {len(payload):,} bytes, and Lambda takes {_MOST_BYTES:,}: submit fewer "
                "items in one request, or files packed into a zip.",
            )
        return _response(request, self._invoke(payload))

    def close(self) -> None:
        """Nothing is held."""

    def _invoke(self, payload: bytes) -> Mapping[str, Any]:
        """What the function returned, or in its place what AWS says of it."""
        from botocore import exceptions

        try:
            self._client = self._client or _client()
            answer = self._client.invoke(FunctionName=self._function, Payload=payload)
        except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
            raise requests.ConnectionError(str(error)) from None
        except exceptions.ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            # A fault within AWS is as good as no answer.
            return _problem(503 if status >= 500 else status, error.response["Error"].get("Message") or str(error))
        except exceptions.BotoCoreError as error:  # no credentials, no region
            raise FoundryError(status=None, title=f"{self._function} cannot be invoked: {error}") from None
        said: dict[str, Any] = json.load(answer["Payload"])
        if "FunctionError" in answer:
            refused = said.get("errorType") == "RefusedEventError"
            return _problem(400 if refused else 502, f"{self._function}: {said.get('errorMessage')}")
        return said


def _client() -> Any:
    boto3 = extras.load("boto3", extra="lambda", purpose="Foundry(function=...)")
    from botocore.config import Config

    connect_s, read_s = TIMEOUT_S
    once = {"total_max_attempts": 1}  # it is `Http` that knows what may be asked again
    config = Config(connect_timeout=connect_s, read_timeout=read_s, retries=once)
    return boto3.Session().client("lambda", config=config)


def _event(request: requests.PreparedRequest) -> dict[str, Any]:
    """A call as an event of version 1.0 with an empty `requestContext`, which says that no HTTP is between."""
    address = urlsplit(request.url or "")
    event: dict[str, Any] = {
        "httpMethod": request.method,
        "path": address.path,
        "headers": dict(request.headers),
        "multiValueQueryStringParameters": parse_qs(address.query, keep_blank_values=True),
        "requestContext": {},
    }
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    try:
        return event | {"body": body.decode()}
    except UnicodeDecodeError:
        return event | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _response(request: requests.PreparedRequest, said: Mapping[str, Any]) -> requests.Response:
    response = requests.Response()
    response.request, response.url = request, request.url or ""
    response.status_code = said["statusCode"]
    response.reason = HTTPStatus(response.status_code).phrase
    response.headers.update(said.get("headers") or {})
    body = said.get("body") or ""
    response.raw = io.BytesIO(base64.b64decode(body) if said.get("isBase64Encoded") else body.encode())
    return response


def _problem(status: int, detail: str) -> dict[str, Any]:
    """As Foundry would say it."""
    headers = {"Content-Type": "application/problem+json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps({"detail": detail})}
