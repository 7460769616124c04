"""What differs from account to account, and the environment variables that say it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from deploy.errors import DeployError
from deploy.stages import Stage


@dataclasses.dataclass(frozen=True)
class Variable:
    """One variable of the machine that deploys."""

    name: str
    purpose: str
    #: Without it a production stage is not deployed.
    production: bool = False
    #: The function gets it too.
    passed: bool = False


BUCKET = Variable("FOUNDRY_DEPLOY_BUCKET", "the S3 bucket that packages go through", production=True)
SUBNETS = Variable("FOUNDRY_SUBNETS", "the subnets the functions run in, separated by commas", production=True)
GROUPS = Variable("FOUNDRY_SECURITY_GROUPS", "their security groups, separated by commas", production=True)
FAILURES = Variable(
    "FOUNDRY_FAILURE_QUEUE", "the ARN of the SQS queue for events that were given up", production=True, passed=True
)
CONNECTIONS = Variable("FOUNDRY_MAX_CONNECTIONS", "how many connections the database or its pooler takes")
DOMAIN = Variable("FOUNDRY_DOMAIN", "the host name people reach the API by")
HOSTS = Variable("FOUNDRY_ALLOWED_HOSTS", "the host names the API answers to, separated by commas", passed=True)
SECRET = Variable("FOUNDRY_DATABASE_SECRET", "the ARN of the database's secret in Secrets Manager", passed=True)
URL = Variable("DATABASE_URL", "postgresql://user:password@host:5432/name, in place of a secret", passed=True)
KEY = Variable("FOUNDRY_SECRET_KEY_SECRET", "the ARN of the secret with Django's key", production=True, passed=True)
ADDRESS = Variable("FOUNDRY_PUBLIC_URL", "what links in mails begin with", passed=True)
HOST = Variable("FOUNDRY_DATABASE_HOST", "the host of a proxy or pooler in front of the database", passed=True)
FILES = Variable("FOUNDRY_ARTIFACT_BUCKET", "the S3 bucket for files too large for an answer", passed=True)
SERVICES = Variable("FOUNDRY_SERVICES", "the packages that hold services, separated by commas", passed=True)

#: In the order in which they are asked for; a stage's role is beside them, see `role`.
VARIABLES = (
    BUCKET,
    SUBNETS,
    GROUPS,
    FAILURES,
    CONNECTIONS,
    DOMAIN,
    HOSTS,
    SECRET,
    URL,
    KEY,
    HOST,
    Variable("FOUNDRY_DATABASE_PORT", "its port", passed=True),
    Variable("FOUNDRY_DATABASE_NAME", "the name of the database", passed=True),
    Variable("FOUNDRY_DATABASE_AUTH", "iam: log in with RDS's tokens and not with a password", passed=True),
    Variable(
        "FOUNDRY_DATABASE_CA", "the file in the package with the authorities its server is checked by", passed=True
    ),
    Variable("FOUNDRY_PRICES", "what AWS asks, if not the list price: name; USD/GB-s; USD/invocation", passed=True),
    SERVICES,
    Variable("FOUNDRY_INVOKE_ACCOUNT", "the user a direct invoke acts as", passed=True),
    FILES,
    Variable("FOUNDRY_MAX_BODY_MB", "the largest request body, in MiB", passed=True),
    Variable("FOUNDRY_RETENTION_DAYS", "how long finished requests are kept", passed=True),
    Variable("FOUNDRY_LOG_LEVEL", "how much the functions log", passed=True),
    ADDRESS,
    Variable("FOUNDRY_MAIL_URL", "how mail is sent, as ses:", passed=True),
    Variable("FOUNDRY_MAIL_FROM", "who mail is from", passed=True),
    Variable("FOUNDRY_WEBHOOK_TRUSTED", "networks of one's own that webhooks may go to", passed=True),
)


def role(stage: Stage) -> Variable:
    """Which role the stage's function runs as; each has its own, with what it needs and no more."""
    return Variable(f"FOUNDRY_ROLE_{stage.name.upper()}", f"the ARN of the role of {stage.function}")


def value(variable: Variable) -> str | None:
    """The variable's value; None if it is not set or empty."""
    return os.environ.get(variable.name) or None


def words(variable: Variable) -> list[str]:
    """The variable's values, separated by commas."""
    return [word.strip() for word in (value(variable) or "").split(",") if word.strip()]


def require(stage: Stage, *others: Variable) -> None:
    """Raises DeployError, which names all variables that are missing and what each is for."""
    missing = [f"  {variable.name}: {variable.purpose}" for variable in _missing(stage, others)]
    if missing:
        raise DeployError("\n".join([f"To deploy the stage {stage.name!r}, set in the environment:", *missing]))


def _missing(stage: Stage, others: tuple[Variable, ...]) -> Iterator[Variable]:
    needed = [variable for variable in VARIABLES if variable.production and stage.production]
    if not stage.settings.get("manage_roles", True):
        needed.insert(0, role(stage))
    yield from (variable for variable in (*needed, *others) if not value(variable))
    if not (value(SECRET) or value(URL)):
        yield dataclasses.replace(SECRET, name=f"{SECRET.name} or {URL.name}")
    elif not (stage.production or value(KEY) or _database_is_here()):
        yield KEY
    if bool(words(SUBNETS)) != bool(words(GROUPS)) and not stage.production:
        yield GROUPS if words(SUBNETS) else SUBNETS


def _database_is_here() -> bool:
    """On this machine, as with a local AWS: then the functions are too, and Django's key needs to be no secret."""
    parts = urlsplit(value(URL) or "")
    host = value(HOST) or dict(parse_qsl(parts.query)).get("host") or parts.hostname or ""
    return host in ("localhost", "::1") or host.startswith(("/", "127."))


def passed_on() -> dict[str, str]:
    """The variables that the functions get too, with their values."""
    return {variable.name: found for variable in VARIABLES if variable.passed and (found := value(variable))}
