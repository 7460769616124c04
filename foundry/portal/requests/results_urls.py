"""Addresses below a request's results."""

from django.urls import path

from foundry.portal.requests import downloads, results, results_item

urlpatterns = [
    path("", results.table, name="results"),
    path("distributions/", results.distributions, name="distributions"),
    path("compare/", results_item.compare, name="compare"),
    path("downloads/", downloads.downloads, name="downloads"),
    path("downloads/<slug:kind>", downloads.table, name="download"),
    path("downloads/items/<slug:kind>", downloads.sent, name="sent"),
    path("files/<str:name>", downloads.artifact, name="artifact"),
    path("<int:position>/", results_item.item, name="item"),
    path("<int:position>/item.json", results_item.sent, name="item-sent"),
    path("<int:position>/figures/<str:name>", results_item.figure, name="figure"),
    path("<int:position>/figures/<str:name>/enlarged/", results_item.enlarged, name="enlarged"),
    path("<int:position>/files/<str:name>", downloads.item_artifact, name="item-artifact"),
]
