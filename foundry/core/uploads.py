"""Uploads: files of designs become the drafts of a request."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from django.conf import settings

from foundry import intake
from foundry.contract import SequenceItem, Service
from foundry.core.drafts import Draft

#: Decompressed bytes of an upload, as a multiple of the largest body: sequences pack to a quarter.
_UNPACKED = 8


def accepts_files(service: Service) -> bool:
    """Whether its items are sequences, which files can hold."""
    return issubclass(service.item, SequenceItem)


def read(service: Service, uploads: Iterable[intake.Upload]) -> list[Draft]:
    """Every record of the files, in order; one that cannot be read is there with its error. Raises IntakeError."""
    unpacked = _UNPACKED * settings.FOUNDRY_MAX_BODY_MB * 1024 * 1024
    records = intake.read(uploads, max_items=service.limits.items, max_bytes=unpacked)
    return [
        Draft(
            values=record.values,
            source=dataclasses.asdict(record.source),
            error=record.error,
            warnings=record.warnings,
            place=str(record.source),
            locate=record.locate,
        )
        for record in records
    ]
