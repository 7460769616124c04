"""The function as AWS calls it, in this process: Zappa's settings are real, the context says what AWS would."""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from django.urls import clear_script_prefix
from zappa.handler import LambdaHandler

ROOT = Path(__file__).parents[2]
ARN = "arn:aws:lambda:us-east-1:123456789012:function:foundry"


class Context:
    """What AWS tells a function about its invocation."""

    function_name = "foundry"
    memory_limit_in_mb = "1024"
    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

    def __init__(self, version: str = "7", qualifier: str = "", left_s: float = 900) -> None:
        self.function_version = version
        self.invoked_function_arn = f"{ARN}:{qualifier}" if qualifier else ARN
        self._left_s = left_s

    def get_remaining_time_in_millis(self) -> int:
        return int(self._left_s * 1000)


@pytest.fixture(scope="session")
def zappa_settings(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The module that Zappa makes of zappa_settings.json and puts into the package."""
    made = tmp_path_factory.mktemp("zappa") / "zappa_settings.py"
    zappa = Path(sys.executable).with_name("zappa")
    environ = {"VIRTUAL_ENV": sys.prefix, "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run(
        [zappa, "save-python-settings-file", "development", "-o", made],
        cwd=ROOT,
        env=os.environ | environ,
        check=True,
        capture_output=True,
    )
    spec = importlib.util.spec_from_file_location("zappa_settings", made)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def lambda_process(zappa_settings: ModuleType) -> Iterator[None]:
    """As if this process had just been started; what Zappa changes in it is put back."""
    level, path = logging.getLogger().level, list(sys.path)
    fresh = {"settings": None, "settings_name": None, "_LambdaHandler__instance": None}
    with (
        pytest.MonkeyPatch.context() as patch,
        mock.patch.dict(os.environ),
        mock.patch.multiple(LambdaHandler, **fresh),
    ):
        patch.setitem(sys.modules, "zappa_settings", zappa_settings)  # all other modules stay as they are
        yield
    logging.getLogger().setLevel(level)
    sys.path[:] = path


@pytest.fixture
def invoke(lambda_process: None, settings: Any) -> Iterator[Callable[..., Any]]:
    """Invoke our function with an event; other fields of it by name."""
    settings.FOUNDRY_INVOKE_ACCOUNT = "robot"
    sys.modules.pop("foundry.aws.entry", None)
    entry = importlib.import_module("foundry.aws.entry")

    def invoke(event: Any, context: Context | None = None, **changes: Any) -> Any:
        sent = json.loads(json.dumps(event | changes if changes else event))
        return _called(entry.handler, sent, context or Context())

    yield invoke
    del sys.modules["foundry.aws.entry"]


@pytest.fixture
def plain_zappa(lambda_process: None) -> Callable[[Any], Any]:
    """Invoke Zappa's own handler with an event, as the function would be without an entry point of ours."""
    return lambda event: _called(LambdaHandler.lambda_handler, json.loads(json.dumps(event)), Context())


def _called(handler: Callable[[Any, Any], Any], event: Any, context: Context) -> Any:
    try:
        return json.loads(json.dumps(handler(event, context)))
    finally:
        clear_script_prefix()  # of the stage, which the test client would go on with
