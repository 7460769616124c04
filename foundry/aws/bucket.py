"""The bucket for large files: written while they are drawn, read with a link that expires soon."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings

#: S3 takes no smaller parts than 5 MiB, but for the last one, and no more than 10,000.
_PART_BYTES = 8 * 1024 * 1024
_LINK_S = 300


class TooSlowError(Exception):
    """The time is up and the file is not whole; nothing of it is kept."""


@functools.cache
def _client() -> Any:
    import boto3
    from botocore.config import Config

    # Without this version, links would be signed in a way that newer regions do not take.
    config = Config(
        signature_version="s3v4",
        connect_timeout=2,
        read_timeout=20,
        retries={"total_max_attempts": 3, "mode": "standard"},
    )
    return boto3.Session().client("s3", config=config)


def write(key: str, pieces: Iterable[bytes], *, media_type: str, disposition: str, ends_at: float) -> None:
    """Write a file of any length. It is there when it is whole, or not at all.

    Raises TooSlowError at `ends_at` (of the monotonic clock), and what drawing the pieces raises.
    """
    place = {"Bucket": settings.FOUNDRY_ARTIFACT_BUCKET, "Key": key}
    head = {"ContentType": media_type, "ContentDisposition": disposition, "CacheControl": "private, no-store"}
    upload = {**place, "UploadId": _client().create_multipart_upload(**place, **head)["UploadId"]}
    try:
        sent = [
            {"PartNumber": number, "ETag": _client().upload_part(**upload, PartNumber=number, Body=part)["ETag"]}
            for number, part in enumerate(_parts(pieces, ends_at), 1)
        ]
        _client().complete_multipart_upload(**upload, MultipartUpload={"Parts": sent})
    except BaseException:
        _client().abort_multipart_upload(**upload)
        raise


def _parts(pieces: Iterable[bytes], ends_at: float) -> Iterator[bytes]:
    part = bytearray()
    for piece in pieces:
        if time.monotonic() > ends_at:
            raise TooSlowError
        part += piece
        if len(part) >= _PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def link(key: str) -> str | None:
    """Where the file can be had for some minutes by whoever has the link; None if it is not there."""
    from botocore.exceptions import ClientError

    place = {"Bucket": settings.FOUNDRY_ARTIFACT_BUCKET, "Key": key}
    try:
        _client().head_object(**place)
    except ClientError as error:
        # 403: S3 does not tell who may not list the bucket that there is no such file.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            return None
        raise
    url: str = _client().generate_presigned_url("get_object", Params=place, ExpiresIn=_LINK_S)
    return url
