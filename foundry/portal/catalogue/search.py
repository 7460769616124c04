"""Which services people find by a few words: by all that their pages say they take, choose and compute."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from foundry import catalog
from foundry.contract import Service
from foundry.portal.catalogue import schema, words

#: Shorter words are abbreviations, in which an "s" at the end is seldom a plural's.
_SINGULAR = 4


def fits(service: Service, query: str) -> bool:
    """Whether every word of the query begins a word that is said of the service, in the singular or the plural."""
    said = _said(service.name)
    return all(re.search(rf"(?<![^\W_]){re.escape(_stem(word))}", said) for word in query.lower().split())


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > _SINGULAR else word


@functools.cache
def _said(name: str) -> str:
    return "\n".join(_texts(catalog.get(name))).lower()


def _texts(service: Service) -> Iterator[str]:
    yield from (service.name, service.title, service.summary, service.stage, *service.biofoundry_ids)
    yield words.takes(service)
    for listed in (service.columns, service.artifacts, service.examples):
        yield from (one.title for one in listed)
    for model in (service.item, service.options, service.result):
        for field in schema.of(model):
            yield from _of_field(field)


def _of_field(field: schema.Field) -> Iterator[str]:
    for row in field.rows(set()):
        yield from (row.label, row.path, row.help, *map(row.choice, row.choices))
