"""Addresses of the pages."""

from django.urls import include, path

app_name = "portal"
urlpatterns = [
    path("", include("foundry.portal.catalogue.urls")),
    path("requests/", include("foundry.portal.requests.urls")),
    path("account/", include("foundry.portal.account.urls")),
    path("operate/", include("foundry.portal.operate.urls")),
]
