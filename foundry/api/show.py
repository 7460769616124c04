"""A request as the API shows it."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from foundry import catalog
from foundry.api.schemas import ArtifactLinkOut, ItemsOut, LinksOut, RequestOut
from foundry.core.requests import RequestView


def show(request: HttpRequest, view: RequestView) -> RequestOut:
    """Everything but what takes further queries."""
    found = view.request
    return RequestOut(
        id=found.pk,
        service=found.service,
        version=found.version,
        label=found.label,
        tags=found.tags,
        state=view.state,
        priority=found.priority,
        owner=found.owner.username,
        team=found.team.name,
        options=found.options,
        created_at=found.created_at,
        started_at=view.started_at,
        finished_at=view.finished_at,
        items=ItemsOut(
            total=found.item_count,
            succeeded=view.items_succeeded,
            failed=view.items_failed,
            waiting=found.item_count - view.items_succeeded - view.items_failed,
        ),
        jobs=view.jobs,
        links=LinksOut(
            self=_url(request, "get_request", view),
            results=_url(request, "get_results", view),
            cancel=_url(request, "cancel_request", view),
            retry=_url(request, "retry_request", view),
        ),
        artifacts=_artifacts(request, view),
    )


def _artifacts(request: HttpRequest, view: RequestView) -> list[ArtifactLinkOut]:
    service = catalog.services().get(view.request.service)
    return [
        ArtifactLinkOut(
            name=artifact.name,
            title=artifact.title,
            media_type=artifact.media_type,
            per_item=artifact.per_item,
            url=_url(request, "get_artifact", view, artifact.name),
        )
        for artifact in (service.artifacts if service else ())
    ]


def _url(request: HttpRequest, name: str, view: RequestView, *more: str) -> str:
    return request.build_absolute_uri(reverse(f"api-v1:{name}", args=[view.request.pk, *more]))
