from django.urls import include, path

from foundry.portal.requests import actions, views

urlpatterns = [
    path("", views.requests, name="requests"),
    path("<uuid:request_id>/", views.show, name="request"),
    path("<uuid:request_id>/jobs/", views.jobs, name="request-jobs"),
    path("<uuid:request_id>/results/", include("foundry.portal.requests.results_urls")),
    path("<uuid:request_id>/cancel/", actions.cancel, name="request-cancel"),
    path("<uuid:request_id>/retry/", actions.retry, name="request-retry"),
]
