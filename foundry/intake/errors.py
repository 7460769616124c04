"""What is wrong with a request, or with one of its files."""

from __future__ import annotations

ACCEPTED = "FASTA, GenBank, SnapGene .dna, and CSV or TSV with a header row; single, gzipped or in a zip"


class IntakeError(Exception):
    """The request as a whole cannot be read."""

    def __init__(self, code: str, message: str, *, limit: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.limit = limit


class IntakeTooLargeError(IntakeError):
    """The request is over one of the limits: `limit` is set, and the answer is 413."""


class FileError(Exception):
    """One file cannot be read; the other files of the request can. `message` completes "<file>: "."""

    def __init__(self, code: str, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line


def refuse(looks_like: str) -> FileError:
    return FileError("format_unknown", f"this looks like {looks_like}; accepted are {ACCEPTED}")
