"""The client is to become a package of its own."""

import subprocess
import sys


def test_the_client_needs_nothing_else_of_foundry():
    script = "import sys, foundry.client; print(*{name.split('.')[0] for name in sys.modules}, *sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not {"django", "pydantic", "rich", "services"} & loaded
    assert all(
        name == "foundry" or name.startswith("foundry.client") for name in loaded if name.split(".")[0] == "foundry"
    )
