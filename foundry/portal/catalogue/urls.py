from django.urls import path

from foundry.portal.catalogue import views

urlpatterns = [
    path("", views.index, name="catalogue"),
    path("services/", views.services, name="services"),
    path("services/<slug:name>/", views.service, name="service"),
    path("services/<slug:name>/submit/", views.submit, name="submit"),
]
