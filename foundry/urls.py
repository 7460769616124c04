"""Addresses."""

from django.urls import include, path

from foundry.api.v1 import api
from foundry.prototype.views import compute_dna

urlpatterns = [
    path("", include("foundry.portal.urls")),
    path("api/v1/", api.urls),
    path("compute-dna/", compute_dna),
]
