"""The client is to become a package of its own."""

import subprocess
import sys

import pytest

from foundry.client import Foundry, Table, verify_webhook


def test_the_client_needs_nothing_else_of_foundry():
    script = "import sys, foundry.client; print(*{name.split('.')[0] for name in sys.modules}, *sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not {"django", "pydantic", "rich", "services"} & loaded
    assert all(
        name == "foundry" or name.startswith("foundry.client") for name in loaded if name.split(".")[0] == "foundry"
    )


@pytest.mark.parametrize(
    ("library", "extra", "call"),
    [
        ("pandas", "tables", lambda: Table((), ()).frame()),
        ("standardwebhooks", "webhooks", lambda: verify_webhook({}, b"", "whsec_")),
        ("boto3", "lambda", lambda: Foundry(function="foundry").services()),
    ],
)
def test_a_library_that_is_missing_is_named_with_how_to_install_it(library, extra, call, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf'needs {library}: pip install {library}, .*"\./client\[{extra}\]"'):
        call()
