"""How many requests API Gateway lets through; without a limit of its own, all REST APIs of the account share AWS's."""

from __future__ import annotations

from typing import Any

import boto3

from deploy.errors import DeployError
from deploy.function import Function
from deploy.setting import Setting

#: All methods of all paths.
_EVERYWHERE = "*/*"


def of(function: Function) -> Setting:
    """The limits that the stage's `throttling` in zappa_settings.json says: requests a second, and at once."""
    client, desired = boto3.client("apigateway"), function.stage.settings["throttling"]
    place = {"restApiId": _api(client, function), "stageName": function.stage.name}

    def read() -> dict[str, float | None]:
        found = client.get_stage(**place).get("methodSettings", {}).get(_EVERYWHERE, {})
        return {"rate": found.get("throttlingRateLimit"), "burst": found.get("throttlingBurstLimit")}

    def write() -> None:
        changes = [
            {"op": "replace", "path": f"/{_EVERYWHERE}/throttling/{name}Limit", "value": str(value)}
            for name, value in desired.items()
        ]
        client.update_stage(**place, patchOperations=changes)

    return Setting(name="requests to the REST API", desired=desired, read=read, write=write)


def _api(client: Any, function: Function) -> str:
    """The id of the REST API, which Zappa names after the function. Raises DeployError."""
    for page in client.get_paginator("get_rest_apis").paginate():
        for each in page["items"]:
            if each["name"] == function.name:
                return str(each["id"])
    raise DeployError(f"{function.name} has no REST API; `zappa update {function.stage.name}` makes it.")
