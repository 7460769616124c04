"""Addresses."""

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse

from foundry.api.v1 import api
from foundry.prototype.views import compute_dna


def _home(request: HttpRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("api-v1:openapi-view"))


urlpatterns = [
    path("", _home),
    path("api/v1/", api.urls),
    path("compute-dna/", compute_dna),
]
