"""Mail on a machine that sends none: written out, to be read by people."""

from __future__ import annotations

import email.policy

from django.core.mail import EmailMessage
from django.core.mail.backends import console

#: No letter and no line is encoded for its way through the network: a link is to be opened as it stands there.
_AS_WRITTEN = email.policy.default.clone(cte_type="8bit", utf8=True, max_line_length=998)


class ConsoleBackend(console.EmailBackend):
    """Django's, with mails as they were written."""

    def write_message(self, message: EmailMessage) -> None:
        self.stream.write(f"{message.message(policy=_AS_WRITTEN).as_bytes().decode()}\n{'-' * 79}\n")
