from django.urls import path

from foundry.portal.catalogue import views

urlpatterns = [path("", views.index, name="catalogue")]
