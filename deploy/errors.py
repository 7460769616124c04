"""What stops a deployment."""

from __future__ import annotations


class DeployError(Exception):
    """Something the person who deploys has to mend; the message says what and how."""
