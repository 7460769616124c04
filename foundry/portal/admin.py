"""Django's admin for what has no page of its own: all records to look at, and the accounts to change.

What goes through the lifecycle is read-only here; operators see it, superusers change accounts. Items and results are
the teams' own and are not shown, nor is what was written to people or answered by receivers of webhooks.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from foundry.accounts.models import Invitation, Membership, Team, Token, User
from foundry.core.models import Attempt, Job, Release, ReleaseChange, ServiceRequest
from foundry.webhooks.models import Delivery, DeliveryAttempt, Endpoint, Mail


class Site(admin.AdminSite):
    """For operators; people sign in where they always do."""

    site_header = site_title = "Foundry's records"
    index_title = "Records"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Reached by those who may not see the page they asked for."""
        if request.user.is_authenticated:
            raise Http404
        return redirect("portal:sign-in")

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff


site = Site(name="admin")


class _OnlyToLookAt:
    """Every operator sees it, and nobody changes it."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnly(_OnlyToLookAt, admin.ModelAdmin):  # type: ignore[type-arg]  # no generic when it runs
    """A table of such records."""

    show_full_result_count = False
    list_per_page = 50
    actions = None


@admin.register(ServiceRequest, site=site)
class ServiceRequestAdmin(ReadOnly):
    list_display = ("id", "service", "owner", "team", "item_count", "created_at")
    list_select_related = ("owner", "team")
    ordering = ("-created_at",)
    #: What a team submitted is its own.
    fields = (
        *("id", "owner", "team", "service", "version", "priority", "item_count", "invalid_count"),
        *("idempotency_key", "created_at"),
    )


@admin.register(Job, site=site)
class JobAdmin(ReadOnly):
    list_display = ("id", "service", "release", "state", "owner", "items", "failures", "created_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("owner",)
    ordering = ("-id",)
    #: Errors, without their tracebacks, are on the job's own page.
    exclude = ("error", "request", "retry_of")


@admin.register(Attempt, site=site)
class AttemptAdmin(ReadOnly):
    list_display = ("id", "job_id", "number", "state", "slot", "started_at", "finished_at", "cost_usd")
    ordering = ("-id",)
    exclude = ("error", "job")


@admin.register(Release, site=site)
class ReleaseAdmin(ReadOnly):
    list_display = ("service", "name", "state", "share", "service_version", "commit", "recorded_at", "recorded_by")
    list_filter = ("state",)
    ordering = ("service", "-recorded_at")


@admin.register(ReleaseChange, site=site)
class ReleaseChangeAdmin(ReadOnly):
    list_display = ("at", "by", "release_id", "state", "share", "pruned")
    ordering = ("-at",)


@admin.register(Token, site=site)
class TokenAdmin(ReadOnly):
    list_display = ("name", "prefix", "user", "team", "scopes", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user", "team")
    exclude = ("digest",)
    ordering = ("-created_at",)


@admin.register(Endpoint, site=site)
class EndpointAdmin(ReadOnly):
    list_display = ("url", "team", "vouched_by", "failing_since", "disabled_at", "disabled_because")
    list_select_related = ("team", "vouched_by")
    ordering = ("team__name", "pk")


class DeliveryAttempts(_OnlyToLookAt, admin.TabularInline):  # type: ignore[type-arg]
    model = DeliveryAttempt
    verbose_name_plural = "attempts"
    fields = ("number", "at", "took_ms", "status", "error")
    ordering = ("-number",)


@admin.register(Delivery, site=site)
class DeliveryAdmin(ReadOnly):
    """What was not delivered, and why."""

    list_display = ("message_id", "endpoint", "state", "attempts", "due_at", "created_at")
    list_filter = ("state",)
    list_select_related = ("endpoint",)
    ordering = ("-id",)
    fields = ("message_id", "endpoint", "state", "attempts", "tries", "due_at", "created_at")
    readonly_fields = ("message_id",)
    inlines = (DeliveryAttempts,)


@admin.register(Mail, site=site)
class MailAdmin(ReadOnly):
    list_display = ("key", "user", "state", "tries", "due_at", "error", "created_at")
    list_filter = ("state",)
    list_select_related = ("user",)
    ordering = ("-id",)
    #: Links in it are only for whom it is to.
    exclude = ("to", "subject", "text")


@admin.register(Invitation, site=site)
class InvitationAdmin(ReadOnly):
    list_display = ("team", "user", "role", "invited_by", "created_at")
    list_select_related = ("team", "user", "invited_by")
    ordering = ("-id",)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Team, site=site)
class TeamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "personal_of")
    list_select_related = ("personal_of",)
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("personal_of",)
    inlines = (MembershipInline,)


@admin.register(User, site=site)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    """A service account cannot choose for itself which of its teams it acts for."""

    fieldsets = (*(UserAdmin.fieldsets or ()), ("Foundry", {"fields": ("acting_for",)}))
    autocomplete_fields = ("acting_for",)
