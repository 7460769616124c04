"""A deployed function, as AWS knows it."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.errors import DeployError
from deploy.stages import Stage

#: The alias that people and CI invoke to manage the platform; IAM lets nobody else.
OPERATOR = "operator"
#: The alias that services' functions invoke when messages are due; see foundry/aws/postman.py.
POSTMAN = "postman"
#: A command may take as long as a function can; the answer is waited for, and the command is not sent a second time.
_PATIENT = Config(read_timeout=900, retries={"total_max_attempts": 1})
#: Ten minutes: a function in a new network takes some.
_EACH_SECOND = {"Delay": 1, "MaxAttempts": 600}


@dataclasses.dataclass(frozen=True)
class Function:
    """The function of a stage."""

    stage: Stage

    @property
    def name(self) -> str:
        return self.stage.function

    @functools.cached_property
    def client(self) -> Any:
        """AWS Lambda's client."""
        return boto3.client("lambda")

    def configuration(self, qualifier: str = "$LATEST") -> dict[str, Any]:
        """What GetFunctionConfiguration says. Raises DeployError if the function is not deployed."""
        try:
            found: dict[str, Any] = self.client.get_function_configuration(FunctionName=self.name, Qualifier=qualifier)
        except self.client.exceptions.ResourceNotFoundException:
            raise DeployError(
                f"{self.name}:{qualifier} is not there; `zappa deploy {self.stage.name}` first."
            ) from None
        return found

    def configure(self, **values: Any) -> None:
        """Change the configuration and wait until it is changed."""
        self.wait()
        self.client.update_function_configuration(FunctionName=self.name, **values)
        self.wait()

    def publish(self) -> None:
        """Publish a version of what the function is now, and wait until it can be invoked."""
        self.wait()
        version = self.client.publish_version(FunctionName=self.name)["Version"]
        active = self.client.get_waiter("published_version_active")
        active.wait(FunctionName=self.name, Qualifier=version, WaiterConfig=_EACH_SECOND)

    def wait(self) -> None:
        """Until no change is under way: AWS refuses a second one, and to publish."""
        self.client.get_waiter("function_updated_v2").wait(FunctionName=self.name, WaiterConfig=_EACH_SECOND)

    def versions(self) -> list[str]:
        """The published versions, the oldest first."""
        pages = self.client.get_paginator("list_versions_by_function").paginate(FunctionName=self.name)
        numbers = (entry["Version"] for page in pages for entry in page["Versions"])
        return sorted((number for number in numbers if number != "$LATEST"), key=int)

    def alias(self, name: str) -> str | None:
        """The version behind that alias; None if there is no such alias."""
        try:
            found: str = self.client.get_alias(FunctionName=self.name, Name=name)["FunctionVersion"]
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return found

    def aliased(self) -> set[str]:
        """The versions behind any alias."""
        pages = self.client.get_paginator("list_aliases").paginate(FunctionName=self.name)
        return {entry["FunctionVersion"] for page in pages for entry in page["Aliases"]}

    def release(self) -> str:
        """The name of the release that `configure` published last. Raises DeployError."""
        version = self.alias(OPERATOR)
        if version is None:
            raise DeployError(f"{self.name} has no alias {OPERATOR}: `python -m deploy configure {self.stage.name}`.")
        return f"{self.name}:{version}"

    def invoke(self, event: dict[str, Any], qualifier: str | None = None) -> Any:
        """The function's answer. Raises DeployError if there is none."""
        client = boto3.client("lambda", config=_PATIENT)
        target = {"Qualifier": qualifier} if qualifier else {}
        try:
            answer = client.invoke(FunctionName=self.name, Payload=json.dumps(event), **target)
        except ClientError as error:
            raise DeployError(f"{self.name}: {error}") from None
        payload = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise DeployError(f"{self.name}: {payload.get('errorMessage', payload)}")
        return payload
