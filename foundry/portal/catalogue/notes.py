"""A service's method notes: its README.md as HTML."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

from foundry import catalog

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@functools.cache
def _markdown() -> MarkdownIt:
    """HTML in the text is shown as text, and of links only those with a harmless scheme are made.

    Imported when it is first needed: it would lengthen every start of the API.
    """
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@functools.cache
def html(service: str) -> SafeString:
    """The notes, without their title and as parts of a page: a heading there of level 2 is one of level 3 here."""
    return render(catalog.method_notes(service))


def render(text: str) -> SafeString:
    """Markdown as HTML that is safe by construction; see `_markdown`."""
    markdown = _markdown()
    tokens = list(_adapted(markdown.parse(text)))
    return mark_safe(str(markdown.renderer.render(tokens, markdown.options, {})))  # noqa: S308


def _adapted(tokens: Sequence[Token]) -> Iterator[Token]:
    in_title = False
    for token in tokens:
        if token.tag == "h1":
            in_title = token.nesting == 1
            continue
        if in_title:
            continue
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        token.attrs.pop("style", None)  # how a table's column is aligned; the policy for content refuses it
        if token.children:
            token.children = list(_with_links_that_lead_somewhere(token.children))
        yield from _scrolling(token)


def _scrolling(token: Token) -> Iterator[Token]:
    """A wide table scrolls in itself, also by keyboard."""
    from markdown_it.token import Token

    if token.type == "table_open":
        yield Token("paragraph_open", "div", 1, attrs={"class": "scroll", "tabindex": "0"}, block=True)
    yield token
    if token.type == "table_close":
        yield Token("paragraph_close", "div", -1, block=True)


def _with_links_that_lead_somewhere(tokens: Sequence[Token]) -> Iterator[Token]:
    """Links to files beside the README lead nowhere from a page."""
    kept = True
    for token in tokens:
        if token.type == "link_open":
            kept = str(token.attrs.get("href", "")).startswith(("https://", "http://"))
            token.attrs["rel"] = "noreferrer"
        if kept or token.type not in ("link_open", "link_close"):
            yield token
