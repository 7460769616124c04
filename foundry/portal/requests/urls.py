from django.urls import path

from foundry.portal.requests import views

urlpatterns = [path("", views.index, name="requests")]
