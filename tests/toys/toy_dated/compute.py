from collections.abc import Sequence

from foundry.contract import Options
from tests.toys.toy_dated import DatedItem, DatedResult


def compute(items: Sequence[DatedItem], options: Options) -> list[DatedResult]:
    return [DatedResult(ready=item.ready, day=item.ready.date()) for item in items]
