"""Changes to functions, seen by comparing: whatever made them, the API, zappa or a stack."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from moto.awslambda.models import lambda_backends

from tests.localaws.journal import Journal
from tests.localaws.versions import LATEST, Version, described


class Deployments:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._seen: dict[str, Version] = {}

    def look(self) -> set[str]:
        """Tells the journal what changed since the last look. Returns the packages that are in use."""
        with self._lock:
            now = {f"{version.arn}:{version.number}": version for version in _all()}
            for name in sorted(now.keys() - self._seen.keys()):
                self._tell("created" if now[name].number == LATEST else "published", now[name])
            for name in sorted(self._seen.keys() - now.keys()):
                self._tell("deleted", self._seen[name])
            for name in sorted(now.keys() & self._seen.keys()):
                if now[name].key != self._seen[name].key:
                    self._tell("updated", now[name])
            self._seen = now
        return {version.digest for version in now.values()}

    def _tell(self, what: str, version: Version) -> None:
        self._journal.tell(what, function=str(version), size=len(version.code))


def _all() -> Iterator[Version]:
    for regions in list(lambda_backends.values()):
        for backend in list(regions.values()):
            for function in backend.list_functions():
                yield described(function)
                for version in list(backend.list_versions_by_function(function.function_name))[1:]:
                    yield described(version)
