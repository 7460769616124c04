from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from foundry.portal.account import views

urlpatterns = [
    path("", views.index, name="account"),
    path("sign-in/", LoginView.as_view(template_name="portal/account/sign_in.html"), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
]
