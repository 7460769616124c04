"""What Lambda and the fronts of a function let through."""

from __future__ import annotations

#: Lambda passes on no longer answer. A character takes up to six bytes on the way there, as \\u0000 does.
ANSWER_BYTES = 6 * 1024 * 1024
#: API Gateway waits for 29 s, an HTTP API for 30 s.
FRONT_S = 30
