"""What things are called, for templates."""

from __future__ import annotations

from django import template

from foundry.portal.requests.index import service_title

register = template.Library()
register.filter("service_title", service_title)
