from django.urls import path

from foundry.portal.operate import views

urlpatterns = [path("", views.index, name="operate")]
