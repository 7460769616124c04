"""AWS on this machine: moto for its control planes, and a Lambda that really runs the uploaded packages."""

from __future__ import annotations

from tests.localaws.client import ACCOUNT, REGION, LocalAws

__all__ = ["ACCOUNT", "REGION", "LocalAws"]
