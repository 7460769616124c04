"""The prototype's contract at /compute-dna/: two answers, word for word; each POST is an ordinary service request."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from pydantic import BaseModel, ConfigDict

from foundry import catalog
from foundry.accounts.models import Scope
from foundry.api import body
from foundry.api.auth import caller
from foundry.api.problems import ProblemError
from foundry.core.drafts import Draft
from foundry.core.errors import InvalidRequestError, NotReleasedError
from foundry.core.submit import Submission, submit


class ComputeDnaIn(BaseModel):
    """The prototype's body."""

    model_config = ConfigDict(extra="forbid")

    dna_sequence: str


@csrf_exempt
@require_http_methods(["GET", "POST"])
def compute_dna(request: HttpRequest) -> HttpResponse:
    """GET greets; POST takes a sequence and answers at once."""
    if request.method == "GET":
        return HttpResponse("Hello Zappa Prototype!")
    try:
        submit(caller=caller(request, Scope.WRITE), submission=_submission(request))
    except ProblemError as error:
        return error.response()
    except catalog.UnknownServiceError as error:
        return ProblemError(404, str(error)).response()
    except InvalidRequestError as error:
        return ProblemError(422, str(error), error.errors).response()
    except NotReleasedError as error:
        return ProblemError(503, str(error)).response()
    return HttpResponse("Compute DNA Task Received.")


def _submission(request: HttpRequest) -> Submission:
    """The prototype knew no topology: its sequences were strings, which have two ends."""
    asked = body.check(ComputeDnaIn, body.parse(request.body))
    item = Draft(values={"name": "dna_sequence", "sequence": asked.dna_sequence, "topology": "linear"})
    return Submission(service="compute-dna", items=[item])
