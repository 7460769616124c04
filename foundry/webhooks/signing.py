"""Secrets that messages are signed with. Both sides must know one, and yet none is kept here.

A secret is made, each time it is needed, of the platform's own key (`SECRET_KEY`) and a random seed. The seeds are in
the database and the key is not, so whoever reads the one without the other can sign nothing.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable

from django.conf import settings
from django.utils.crypto import salted_hmac

_SEED_BYTES = 32
_PURPOSE, _NAMING = "foundry.webhooks.secret", "foundry.webhooks.key"


def new_seed() -> str:
    """It says which key it goes with, since keys are replaced."""
    return f"{_name(settings.SECRET_KEY)}:{secrets.token_hex(_SEED_BYTES)}"


def secrets_of(seeds: Iterable[str]) -> list[str]:
    """Of each seed its secret, as receivers know it: `whsec_...`, of 32 bytes. Without its key a seed has none."""
    keys = {_name(key): key for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}
    return [_secret(keys[name], seed) for seed in seeds if (name := seed.partition(":")[0]) in keys]


def _secret(key: str | bytes, seed: str) -> str:
    made = salted_hmac(_PURPOSE, seed, secret=key, algorithm="sha256").digest()
    return "whsec_" + base64.b64encode(made).decode()


def _name(key: str | bytes) -> str:
    return salted_hmac(_NAMING, "", secret=key, algorithm="sha256").hexdigest()[:16]
