"""What production asks of the way to the database: encrypted, and to the server that is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

_MAYBE_CLEAR = ("allow", "prefer")
_LOCAL = ("localhost", "::1", "")


def secure(entry: dict[str, Any], *, certificates: Path) -> dict[str, Any]:
    """The entry of DATABASES with TLS: `verify-full` unless it says otherwise, the authorities from that file.

    A host on this machine is left as it is. Raises ImproperlyConfigured if the connection could be in the clear without
    `sslmode=disable` having been written, or if the file is missing.
    """
    if is_local(entry["HOST"]):
        return entry
    options: dict[str, Any] = {"sslmode": "verify-full"} | entry["OPTIONS"]
    mode = options["sslmode"]
    if mode in _MAYBE_CLEAR:
        raise ImproperlyConfigured(
            f"DATABASE_URL: sslmode={mode} may connect without TLS. Leave it out for verify-full, or write "
            "sslmode=disable if the network is as safe as the machine."
        )
    if mode.startswith("verify-"):
        options = {"sslrootcert": str(certificates)} | options
        _require_file(options["sslrootcert"])
    return entry | {"OPTIONS": options}


def is_local(host: str) -> bool:
    """Whether what goes there stays on this machine: loopback or a socket's directory."""
    return host in _LOCAL or host.startswith(("/", "127."))


def _require_file(certificates: str) -> None:
    if certificates != "system" and not Path(certificates).is_file():
        raise ImproperlyConfigured(
            f"The database's server is checked against the certificates in {certificates}, and there is no such file. "
            "For RDS run `make global-bundle.pem` before packaging; or name a file in FOUNDRY_DATABASE_CA. "
            "See docs/operating.md."
        )
