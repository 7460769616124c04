from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from foundry.portal.account import teams, tokens, views, webhooks

urlpatterns = [
    path("", views.profile, name="account"),
    path("password/", views.password, name="password"),
    path("sign-in/", LoginView.as_view(template_name="portal/account/sign_in.html"), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("teams/", teams.index, name="teams"),
    path("teams/act-for/", teams.act_for, name="act-for-team"),
    path("teams/<slug:name>/", teams.show, name="team"),
    path("teams/<slug:name>/members/add/", teams.add, name="team-add"),
    path("teams/<slug:name>/members/<int:user_id>/role/", teams.set_role, name="team-role"),
    path("teams/<slug:name>/members/<int:user_id>/remove/", teams.remove, name="team-remove"),
    path("tokens/", tokens.index, name="tokens"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke, name="token-revoke"),
    path("webhooks/", webhooks.index, name="webhooks"),
    path("webhooks/<int:endpoint_id>/", webhooks.show, name="webhook"),
    path("webhooks/<int:endpoint_id>/rotate/", webhooks.rotate, name="webhook-rotate"),
    path("webhooks/<int:endpoint_id>/switch/", webhooks.switch, name="webhook-switch"),
    path("webhooks/<int:endpoint_id>/test/", webhooks.test, name="webhook-test"),
    path("webhooks/<int:endpoint_id>/remove/", webhooks.remove, name="webhook-remove"),
    path("webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/", webhooks.delivery, name="delivery"),
    path("webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/again/", webhooks.again, name="delivery-again"),
]
