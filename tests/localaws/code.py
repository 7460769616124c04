"""The functions' code, unzipped once for each package and closed to writing."""

from __future__ import annotations

import calendar
import io
import os
import shutil
import threading
import zipfile
from collections import defaultdict
from pathlib import Path

from tests.localaws.scratch import remove
from tests.localaws.versions import Version


class CodeStore:
    """Directories by the package's SHA-256."""

    def __init__(self, home: Path) -> None:
        self._home = home
        home.mkdir()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def directory(self, version: Version) -> Path:
        """Where the version's code is; unzips it the first time."""
        directory = self._home / version.digest
        with self._locks[version.digest]:
            if not directory.exists():
                fresh = self._home / f"{version.digest}.new"
                shutil.rmtree(fresh, ignore_errors=True)
                _unzip(version.code, fresh)
                fresh.rename(directory)
        return directory

    def keep(self, digests: set[str]) -> None:
        """Removes all packages but these."""
        for directory in self._home.iterdir():
            if directory.name not in digests and directory.suffix != ".new":
                with self._locks[directory.name]:
                    remove(directory)


def _unzip(package: bytes, directory: Path) -> None:
    """With the package's dates, and readable by everybody as AWS makes it; nobody may write."""
    directory.mkdir()
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, directory))
            if not entry.is_dir():
                path.chmod((entry.external_attr >> 16) & 0o555 | 0o444)
                date = calendar.timegm(entry.date_time)
                os.utime(path, (date, date))
    for folder, _, _ in os.walk(directory, topdown=False):
        os.chmod(folder, 0o555)
