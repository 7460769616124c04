"""E-mail through SES, as the function's role: no password is kept anywhere."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class SesBackend(BaseEmailBackend):
    """Sends each message as it is; SES has to know its sender. Raises what AWS's client raises."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were sent, which is all."""
        for message in email_messages:
            _client().send_email(
                FromEmailAddress=message.from_email,
                Destination={"ToAddresses": message.recipients()},
                Content={"Raw": {"Data": message.message().as_bytes()}},
            )
        return len(email_messages)


@functools.cache
def _client() -> Any:
    """Imported here: only what sends mail waits for boto3."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
    return boto3.client("sesv2", config=config)
