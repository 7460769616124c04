"""Foundry from Python: submit designs, wait, read what came out.

    from foundry.client import Foundry

    foundry = Foundry("http://127.0.0.1:8000", token)  # or FOUNDRY_URL and FOUNDRY_TOKEN
    request = foundry.submit("compute-dna", files=["pUC19.gb"])
    foundry.wait(request)
    for result in foundry.results(request):
        print(result.name, result.values["length"] if result.values else result.error.message)

On AWS also without HTTP, by invoking the API's Lambda function: `Foundry(function="foundry-production")`.

Results as a table, for notebooks and pandas: `foundry.table(request)`. Messages that Foundry sends: `verify_webhook`.

It needs `requests`, for AWS `boto3` too, and nothing else of Foundry; `client/` makes a package of it.
"""

from foundry.client.errors import ConnectionFailedError, FoundryError
from foundry.client.foundry import File, Foundry
from foundry.client.model import (
    Artifact,
    Column,
    Cost,
    Example,
    ItemCounts,
    ItemError,
    Limits,
    RefusedItem,
    Request,
    RequestState,
    Result,
    Service,
    ServiceDetail,
    Source,
)
from foundry.client.table import Table
from foundry.client.webhook import EndedRequest, NotFromFoundryError, WebhookMessage, verify_webhook

__all__ = [
    "Artifact",
    "Column",
    "ConnectionFailedError",
    "Cost",
    "EndedRequest",
    "Example",
    "File",
    "Foundry",
    "FoundryError",
    "ItemCounts",
    "ItemError",
    "Limits",
    "NotFromFoundryError",
    "RefusedItem",
    "Request",
    "RequestState",
    "Result",
    "Service",
    "ServiceDetail",
    "Source",
    "Table",
    "WebhookMessage",
    "verify_webhook",
]
