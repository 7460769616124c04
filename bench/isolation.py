"""A healthy service's time from accept to result, alone and beside services that crash, hang and flood.

On the local AWS with real packages and processes. The other services' processes have the lowest priority, since on
Lambda each environment has processor time of its own, which two cores cannot give to all.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from deploy import build, stages
from tests.aws.proofs import isolation

REQUESTS = 60
GOAL = 1.1


def main() -> None:
    """Prints the p95 of both and their ratio beside the goal."""
    with tempfile.TemporaryDirectory(prefix="foundry-isolation-", ignore_cleanup_errors=True) as folder:
        variables = os.environ | {"FOUNDRY_SERVICES": "tests.toys"}
        package = build.package(stages.get("development"), Path(folder) / "package.zip", variables)
        with isolation.deployed(Path(folder), package.read_bytes()) as platform:
            with isolation.others_on_spare_time(platform.aws.pid):
                figures = isolation.measure(platform, REQUESTS)
            _report(figures)


def _report(figures: isolation.Figures) -> None:
    alone, beside = isolation.p95(figures.alone), isolation.p95(figures.beside)
    verdict = "ok" if figures.ratio < GOAL else "MISSED"
    print(f"\nIsolation: p95 from accept to result of {REQUESTS} requests of 0.1 s")
    print(f"  alone                                          {alone * 1e3:>6.0f} ms")
    print(f"  beside a crash loop, hangs and {isolation.FLOOD:,} jobs     {beside * 1e3:>6.0f} ms")
    print(f"  ratio                                          {figures.ratio:>9.2f}   under {GOAL}   {verdict}")


if __name__ == "__main__":
    main()
