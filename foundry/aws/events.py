"""What the function is asked to do, told by the shape of its event. All other shapes are refused.

Whoever may invoke the function chooses every byte of the event, so nothing in it is believed: neither who sent it nor
what code to run. Only two things are certain: the function's fronts (API Gateway, load balancer) always fill
`requestContext`, and the alias that was invoked stands in the context, which AWS writes.
"""

from __future__ import annotations

import base64
import dataclasses
import shlex
import time
from collections.abc import Mapping
from typing import Annotated, Any, Protocol

import pydantic

#: The alias that only operators may invoke; IAM sees to that.
_OPERATOR_ALIAS = "operator"
#: The alias that services' functions may invoke, and of the platform's functions nothing else.
_POSTMAN_ALIAS = "postman"
#: What Zappa writes into the event of a task: its own route, and one of our two functions.
_ROUTE = "zappa.asynchronous.route_lambda_task"
_TASK = "foundry.aws.task.work"
_MAKE = "foundry.aws.making.make"

_TAKEN = (
    "This function takes HTTP events (`httpMethod`, `path`, ...), service requests (`service`, `items`, ...), "
    f"the tasks {_TASK} and {_MAKE}, EventBridge's scheduled event, and `manage` with a management command on its list."
)


class RefusedEventError(Exception):
    """The function does not do what the event asks; the message says what it does."""

    def __init__(self, reason: str, taken: str = _TAKEN) -> None:
        super().__init__(f"{reason} {taken}")


class Context(Protocol):
    """What AWS tells a function about its invocation."""

    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


def ends_at(context: Context) -> float:
    """When the invocation is ended, by time.monotonic()."""
    return time.monotonic() + context.get_remaining_time_in_millis() / 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Http:
    """A call of the API or of a page. An invoke without HTTP has an empty `requestContext`, all else a filled one."""

    event: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Submission:
    """A service request without HTTP around it."""

    values: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """A slot for jobs of that service and release."""

    service: str
    release: str


@dataclasses.dataclass(frozen=True, slots=True)
class Make:
    """A large file, by its row, and which try this is."""

    file: int
    attempt: int


@dataclasses.dataclass(frozen=True, slots=True)
class Sweep:
    """The minute has passed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Send:
    """A request may have ended of which somebody wants to be told."""


@dataclasses.dataclass(frozen=True, slots=True)
class Manage:
    """A management command with its arguments, and whether an operator asks."""

    words: tuple[str, ...]
    by_operator: bool


type Asked = Http | Submission | Work | Make | Sweep | Send | Manage


def recognise(event: Any, invoked_arn: str = "") -> Asked:
    """What is asked. `invoked_arn` is what was invoked, with its alias or version. Raises RefusedEventError."""
    alias = invoked_arn.split(":")[7:]
    if alias == [_POSTMAN_ALIAS]:
        return Send()  # whatever the event says
    if not isinstance(event, dict):
        raise RefusedEventError("The event is not a JSON object.")
    match event:
        case {"command": command} if command == _ROUTE:
            return _task(event)
        case {"command": _} | {"raw_command": _}:
            raise RefusedEventError("Code that is named or written in an event is not run.")
        case {"manage": _}:
            return _manage(event, by_operator=alias == [_OPERATOR_ALIAS])
        case {"source": "aws.events", "detail-type": "Scheduled Event"}:
            return Sweep()
        case {"type": str()}:
            raise RefusedEventError("This is not an authorizer.")
        case {"version": "2.0", "rawPath": _}:
            return _http(event, _Http2)
        case {"httpMethod": _}:
            return _http(event, _Http1)
        case {"service": _}:
            return Submission(event)
    raise RefusedEventError("Nothing in the event says what to do.")


def _task(event: Mapping[str, Any]) -> Work | Make:
    """Exactly as we send it: no other function, no other argument, no answer kept elsewhere."""
    kwargs = None if event.get("args") else event.get("kwargs")
    path = event.get("task_path")
    if path == _TASK:
        return _work(kwargs)
    if path == _MAKE:
        return _make(kwargs)
    raise RefusedEventError("There is no such task.")


def _work(kwargs: Any) -> Work:
    match kwargs:
        case {"service": str(service), "release": str(release), **others} if not others:
            return Work(service, release)
    raise RefusedEventError(f"{_TASK} takes `service` and `release` in its `kwargs`, both text.")


def _make(kwargs: Any) -> Make:
    match kwargs:
        case {"file": file, "attempt": attempt, **others} if not others and _is_id(file) and _is_id(attempt):
            return Make(file, attempt)
    raise RefusedEventError(f"{_MAKE} takes `file` and `attempt` in its `kwargs`, both whole numbers from 1.")


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**63


def _manage(event: Mapping[str, Any], *, by_operator: bool) -> Manage:
    if len(event) > 1 or not isinstance(event["manage"], str):
        raise RefusedEventError("A `manage` event has this one field, a text.")
    try:
        words = tuple(shlex.split(event["manage"]))
    except ValueError as error:
        raise RefusedEventError(f"manage: {error}.") from None
    return Manage(words, by_operator=by_operator)


def _unicode(text: str) -> str:
    """JSON may hold half a character, which Zappa would stumble over."""
    text.encode()
    return text


type _Text = Annotated[str, pydantic.AfterValidator(_unicode)]


class _Http1(pydantic.BaseModel):
    """What Zappa reads of an event as REST APIs and load balancers send it, or somebody who invokes the function."""

    model_config = pydantic.ConfigDict(strict=True)

    path: _Text
    httpMethod: _Text  # noqa: N815  AWS's names
    headers: dict[_Text, _Text] | None = None
    multiValueHeaders: dict[_Text, list[_Text]] | None = None  # noqa: N815
    queryStringParameters: dict[_Text, _Text] | None = None  # noqa: N815
    multiValueQueryStringParameters: dict[_Text, list[_Text]] | None = None  # noqa: N815
    body: _Text | None = None
    isBase64Encoded: bool | None = None  # noqa: N815
    requestContext: dict[str, Any] | None = None  # noqa: N815


class _Method(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="allow")

    method: _Text


class _Context2(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="allow")

    http: _Method


class _Http2(pydantic.BaseModel):
    """The same of HTTP APIs and function URLs; an invoke without HTTP has the other form."""

    model_config = pydantic.ConfigDict(strict=True)

    version: _Text
    rawPath: _Text  # noqa: N815
    rawQueryString: _Text = ""  # noqa: N815
    cookies: list[_Text] | None = None
    headers: dict[_Text, _Text] = {}
    body: _Text | None = None
    isBase64Encoded: bool | None = None  # noqa: N815
    requestContext: _Context2  # noqa: N815


#: Zappa makes a user of what an authorizer says; here bearer tokens say who it is, and nothing else does.
_NOBODY = {"authorizer": None, "identity": None}


def _http(event: Mapping[str, Any], form: type[_Http1 | _Http2]) -> Http:
    """What is read of the event and nothing else; not a stage's variables, which Zappa puts into the environment."""
    try:
        checked = form.model_validate(event)
    except pydantic.ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise RefusedEventError(f"The HTTP event does not fit: {where}: {fault['msg']}.") from None
    given = {name: event[name] for name in form.model_fields if event.get(name) is not None}
    if isinstance(checked, _Http2):
        given["headers"] = checked.headers  # which Zappa needs
    if checked.isBase64Encoded:
        _require_base64(checked.body or "")
    context = event.get("requestContext") or {}
    return Http(given | {"requestContext": context | _NOBODY if context else {}})


def _require_base64(text: str) -> None:
    try:
        base64.b64decode(text)
    except ValueError as error:
        raise RefusedEventError(f"The HTTP event does not fit: body: {error}.") from None
