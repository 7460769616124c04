"""Writes the package that Zappa made anew: with byte code that stays valid, and without what differs each time."""

from __future__ import annotations

import importlib.util
import marshal
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

#: The oldest date a zip can hold. Lambda unpacks whatever date there is, so it must not count.
_DATE = (1980, 1, 1, 0, 0, 0)
#: Of what Zappa adds: its handler at the root (ours is another), and who built the package when.
_LEFT_OUT = frozenset({"handler.py", "django_zappa_app.py", "package_info.json", "__init__.py"})
#: In the flags of byte code: belongs to a source with this hash, and need not be checked (PEP 552).
_UNCHECKED_HASH = (1).to_bytes(4, "little")


def rewrite(package: Path) -> None:
    """Make the package a function of its content, with byte code beside each source."""
    with zipfile.ZipFile(package) as made:
        content = {name: made.read(name) for name in made.namelist() if name not in _LEFT_OUT}
    written = package.with_name(f"{package.name}.trimmed")
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as trimmed:
        for name, data in sorted((content | dict(_byte_code(content))).items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            trimmed.writestr(entry, data, zipfile.ZIP_DEFLATED)
    written.replace(package)


def _byte_code(content: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, source in content.items():
        if name.endswith(".py"):
            yield importlib.util.cache_from_source(name), compiled(name, source)


def compiled(name: str, source: bytes) -> bytes:
    """The content of the module's .pyc file, which Python takes without looking at the source's date."""
    code = compile(source, name, "exec", dont_inherit=True)
    hashed = importlib.util.source_hash(source)
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + hashed + marshal.dumps(code)
