"""Where moto's Lambda differs from AWS's in ways that deployments meet: put right in the running server."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

from moto.apigateway.models import RestAPI
from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction, LambdaStorage
from moto.awslambda.responses import LambdaResponse

from tests.localaws import versions

UNZIPPED_LIMIT = 262_144_000
ENVIRONMENT_LIMIT = 4096
#: Variables that AWS sets and refuses in a configuration.
RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_REGION|AWS_DEFAULT_REGION|AWS_EXECUTION_ENV|AWS_ACCESS_KEY(_ID)?"
    r"|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AWS_LAMBDA_(?!EXEC_WRAPPER|LOG_FORMAT|LOG_LEVEL).*|LAMBDA_TASK_ROOT"
    r"|LAMBDA_RUNTIME_DIR"
)


def close(endpoint: str) -> None:
    """`endpoint` is where functions' code can be fetched from."""
    _names()
    _numbers()
    _configuration()
    _code(endpoint)
    _statuses()
    _binary_media_types()


def _wrap(owner: type, name: str, make: Callable[[Any], Any]) -> None:
    setattr(owner, name, make(getattr(owner, name)))


def _names() -> None:
    """Partial ARNs, "function:name:version" among them."""

    def plain(name: str) -> str:
        function, qualifier = versions.split(name)
        return f"{function}:{qualifier}" if qualifier else function

    def by_plain_name(find: Any) -> Any:
        return lambda self, name, *rest, **named: find(self, plain(name), *rest, **named)

    _wrap(LambdaStorage, "get_function_by_name_or_arn_with_qualifier", by_plain_name)
    _wrap(LambdaStorage, "get_function_by_name_or_arn_forbid_qualifier", by_plain_name)
    _wrap(LambdaStorage, "del_function", by_plain_name)


def _numbers() -> None:
    """A version's number is never given twice, and only what changed is published."""

    def publish(self: LambdaStorage, name_or_arn: str, description: str = "") -> LambdaFunction:
        function: Any = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        published: list[LambdaFunction] = self._functions[function.function_name]["versions"]
        last = getattr(function, "last_number", 0)
        if published and published[-1].version == last and _same(published[-1], function):
            return published[-1]
        fresh = _copy(function)
        function.last_number = last + 1
        fresh.set_version(last + 1)
        fresh.description = description or fresh.description
        published.append(fresh)
        self._arns[fresh.function_arn] = fresh
        return fresh

    def update_code(self: LambdaBackend, function_name: str, qualifier: str | None, body: dict[str, Any]) -> Any:
        function = self.get_function(function_name, qualifier)
        # A published version keeps what moto's copy of the function would share with it.
        function.code = dict(function.code)
        updated = function.update_function_code(body)
        if body.get("Publish") and not body.get("DryRun"):
            return self.publish_version(function_name).get_configuration()  # type: ignore[union-attr]
        return updated

    def delete(original: Any) -> Any:
        def deleted(self: LambdaStorage, name: str, qualifier: str | None = None) -> None:
            number = versions.split(name)[1] or qualifier
            aliases = [alias.name for alias in self.list_aliases(name) if number and alias.function_version == number]
            if aliases:
                raise _ResourceConflictError(
                    f"Unable to delete version because the following aliases reference it: {aliases}"
                )
            original(self, name, qualifier)

        return deleted

    LambdaStorage.publish_version = publish  # type: ignore[method-assign]
    LambdaBackend.update_function_code = update_code  # type: ignore[method-assign]
    _wrap(LambdaStorage, "del_function", delete)


class _ResourceConflictError(LambdaClientError):
    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


def _same(published: LambdaFunction, function: LambdaFunction) -> bool:
    changing = ("FunctionArn", "Version", "LastModified", "Description", "LastUpdateStatus", "State")
    one, other = published.get_configuration(), function.get_configuration()
    return all(one.get(name) == other.get(name) for name in {*one, *other} - {*changing})


def _copy(function: LambdaFunction) -> LambdaFunction:
    fresh: LambdaFunction = object.__new__(type(function))
    fresh.__dict__.update(function.__dict__, code=dict(function.code), environment_vars=dict(function.environment_vars))
    return fresh


def _configuration() -> None:
    """Dead letter queues are kept; variables and packages that AWS refuses are refused."""

    def created(original: Any) -> Any:
        def init(self: Any, account_id: str, spec: dict[str, Any], *rest: Any, **named: Any) -> None:
            _check_variables(spec)
            original(self, account_id, spec, *rest, **named)
            self.dead_letter_config = spec.get("DeadLetterConfig")

        return init

    def updated(original: Any) -> Any:
        def update(self: Any, changes: dict[str, Any]) -> Any:
            _check_variables(changes)
            if "DeadLetterConfig" in changes:
                self.dead_letter_config = changes["DeadLetterConfig"]
            original(self, changes)
            return self.get_configuration()

        return update

    def told(original: Any) -> Any:
        def configuration(self: Any, *rest: Any, **named: Any) -> dict[str, Any]:
            config: dict[str, Any] = original(self, *rest, **named)
            if getattr(self, "dead_letter_config", None):
                config["DeadLetterConfig"] = self.dead_letter_config
            return config

        return configuration

    def checked(original: Any) -> Any:
        def set_code(self: Any, spec: dict[str, Any]) -> None:
            before = dict(self.__dict__)
            original(self, spec)
            try:
                _check_package(self.code_bytes)
            except InvalidParameterValueException:
                self.__dict__.update(before)
                raise

        return set_code

    _wrap(LambdaFunction, "__init__", created)
    _wrap(LambdaFunction, "update_configuration", updated)
    _wrap(LambdaFunction, "get_configuration", told)
    _wrap(LambdaFunction, "_set_function_code", checked)


def _check_variables(spec: dict[str, Any]) -> None:
    variables = (spec.get("Environment") or {}).get("Variables") or {}
    refused = sorted(name for name in variables if RESERVED.fullmatch(name))
    begin = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided"
    )
    if refused:
        what = f"{begin} contains reserved keys that are currently not supported for modification."
        raise InvalidParameterValueException(f"{what} Reserved keys used in this request: {', '.join(refused)}")
    if len(json.dumps(variables, separators=(",", ":")).encode()) > ENVIRONMENT_LIMIT:
        raise InvalidParameterValueException(f"{begin} exceeded the 4KB limit.")


def _check_package(package: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        raise InvalidParameterValueException("Could not unzip uploaded file. Please check your file.") from None
    if size > UNZIPPED_LIMIT:
        raise InvalidParameterValueException(f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")


def _code(endpoint: str) -> None:
    """GetFunction tells a place from which the code can be fetched."""

    def located(original: Any) -> Any:
        def get_code(self: LambdaFunction) -> dict[str, Any]:
            told: dict[str, Any] = original(self)
            path = f"{self.account_id}/{self.region}/{self.function_name}/{self.version}"
            told["Code"] = {"RepositoryType": "S3", "Location": f"{endpoint}/_localaws/code/{path}"}
            return told

        return get_code

    _wrap(LambdaFunction, "get_code", located)


def _statuses() -> None:
    """HTTP statuses as documented; zappa takes another one of AddPermission for a failure."""

    def with_status(status: int) -> Callable[[Any], Any]:
        def changed(original: Any) -> Any:
            def respond(self: LambdaResponse) -> Any:
                answer = original(self)
                headers, body = (answer[1], answer[2]) if isinstance(answer, tuple) else ({}, answer)
                return status, {**headers, "status": status}, body

            return respond

        return changed

    for name, status in {
        "add_permission": 201,
        "get_alias": 200,
        "update_alias": 200,
        "delete_alias": 204,
        "get_function_url_config": 200,
    }.items():
        _wrap(LambdaResponse, name, with_status(status))


def _binary_media_types() -> None:
    """An API's patch names the type in its path, "/binaryMediaTypes/*~1*"."""

    def patched(original: Any) -> Any:
        def apply(self: RestAPI, operations: list[dict[str, Any]]) -> None:
            prefix = f"/{RestAPI.PROP_BINARY_MEDIA_TYPES}/"
            for operation in operations:
                if operation["path"].startswith(prefix):
                    operation["value"] = operation["path"].removeprefix(prefix).replace("~1", "/").replace("~0", "~")
            original(self, operations)

        return apply

    _wrap(RestAPI, "apply_patch_operations", patched)
