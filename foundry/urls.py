"""Addresses."""

from django.urls import include, path

from foundry.api.v1 import api
from foundry.portal.admin import site
from foundry.prototype.views import compute_dna

urlpatterns = [
    path("", include("foundry.portal.urls")),
    path("admin/", site.urls),
    path("api/v1/", api.urls),
    path("compute-dna/", compute_dna),
]

handler400 = "foundry.portal.refusals.bad_request"
handler403 = "foundry.portal.refusals.forbidden"
handler404 = "foundry.portal.refusals.not_found"
handler500 = "foundry.portal.refusals.broken"
