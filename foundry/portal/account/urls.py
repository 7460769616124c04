from django.contrib.auth.views import LogoutView
from django.urls import path

from foundry.portal.account import mail_address, teams, tokens, views, webhooks
from foundry.portal.account.sign_in import SignIn

urlpatterns = [
    path("", views.profile, name="account"),
    path("email/ask/", mail_address.ask, name="email-ask"),
    path("email/<str:token>/", mail_address.confirm, name="email-confirm"),
    path("password/", views.password, name="password"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("teams/", teams.index, name="teams"),
    path("teams/act-for/", teams.act_for, name="act-for-team"),
    path("teams/invitations/<int:invitation_id>/accept/", teams.accept, name="invitation-accept"),
    path("teams/invitations/<int:invitation_id>/decline/", teams.decline, name="invitation-decline"),
    path("teams/<int:team_id>/", teams.show, name="team"),
    path("teams/<int:team_id>/invite/", teams.invite, name="team-invite"),
    path("teams/<int:team_id>/invitations/<int:invitation_id>/withdraw/", teams.withdraw, name="invitation-withdraw"),
    path("teams/<int:team_id>/members/<int:user_id>/role/", teams.set_role, name="team-role"),
    path("teams/<int:team_id>/members/<int:user_id>/remove/", teams.remove, name="team-remove"),
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
