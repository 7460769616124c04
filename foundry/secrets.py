"""Values from AWS Secrets Manager, read when they are first needed."""

from __future__ import annotations

import functools
from typing import Any

from django.core.exceptions import ImproperlyConfigured


class UnreadableSecretError(ImproperlyConfigured):
    """The secret cannot be read now; the message names it and shows nothing of it."""


def read(name: str) -> str:
    """The current value of the secret of that ARN or name. Raises UnreadableSecretError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        text: str = _client().get_secret_value(SecretId=name)["SecretString"]
    except (BotoCoreError, ClientError, KeyError) as error:
        raise UnreadableSecretError(f"The secret {name} cannot be read: {error}") from error
    return text


@functools.cache
def _client() -> Any:
    """Imported here: whoever has no secret to read does not wait for boto3.

    A function in a subnet without a way to Secrets Manager is to say so within seconds, not minutes.
    """
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
    return boto3.client("secretsmanager", config=config)
