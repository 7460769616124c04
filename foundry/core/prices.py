"""What AWS Lambda charges, to reckon what an attempt costs.

These are list prices, on demand, first tier (up to 6 billion GB-seconds a month on x86, 7.5 on arm), without free tier,
savings plan or tax, for us-east-1, as they were quoted in November 2026 in places other than AWS's own page. Nothing
here asks AWS: look at https://aws.amazon.com/lambda/pricing/ for your region and give yours in FOUNDRY_PRICES. Not
reckoned: /tmp above 512 MB, data transfer, logs, and the database.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from django.conf import settings


@dataclasses.dataclass(frozen=True, slots=True)
class Prices:
    """In USD. A GB is 1,024 MB, as AWS reckons memory."""

    #: Where they are from, and of when: kept with every attempt.
    price_list: str
    per_gb_second: Decimal
    per_invocation: Decimal


_PER_INVOCATION = Decimal("0.20") / 1_000_000
_X86 = Prices("AWS Lambda x86_64, us-east-1, list 2026-11", Decimal("0.0000166667"), _PER_INVOCATION)
_ARM = Prices("AWS Lambda arm64, us-east-1, list 2026-11", Decimal("0.0000133334"), _PER_INVOCATION)

#: By the machine's name, as `os.uname()` has it.
LIST_PRICES = {"x86_64": _X86, "aarch64": _ARM, "arm64": _ARM}


def prices(machine: str) -> Prices:
    """Those of FOUNDRY_PRICES, else the list prices. Raises LookupError for a machine that Lambda does not have."""
    if settings.FOUNDRY_PRICES:
        return Prices(*settings.FOUNDRY_PRICES)
    try:
        return LIST_PRICES[machine]
    except KeyError:
        raise LookupError(f"There is no list price for {machine!r}; give yours in FOUNDRY_PRICES.") from None
