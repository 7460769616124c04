"""Django's settings. What differs between machines comes from the environment; `docs/operating.md` lists it."""

from __future__ import annotations

import os
from pathlib import Path

from django.contrib.messages import constants as messages
from django.utils.csp import CSP

from foundry import database, embedded, environment, secrets

BASE_DIR = Path(__file__).resolve().parent.parent

#: What this machine keeps: the embedded database, its log, the demo's credentials.
FOUNDRY_HOME = Path(environment.text("FOUNDRY_HOME", str(BASE_DIR / ".foundry")))

PRODUCTION = environment.flag("FOUNDRY_PRODUCTION")
ON_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
#: The one service whose jobs this process computes, and it does nothing else; empty: the whole platform.
FOUNDRY_SERVICE = environment.text("FOUNDRY_SERVICE", "")
DEBUG = False


ALLOWED_HOSTS = environment.words("FOUNDRY_ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
# Zappa's name for the host when a function is invoked directly, without HTTP.
ALLOWED_HOSTS.append("zappa")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.humanize",
    "foundry.accounts",
    "foundry.core",
    "foundry.webhooks",
    "foundry.dispatch",
    "ninja",  # for the docs page's own scripts, so that it needs no CDN
    "foundry.api",
    "foundry.cli",
    "foundry.aws",
    "foundry.portal",
]
if FOUNDRY_SERVICE:
    INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "foundry.accounts", "foundry.core"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "foundry.api.problems.ProblemMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "foundry.portal.answers.PageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "foundry.urls"
WSGI_APPLICATION = "foundry.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "foundry.portal.page.context",
            ],
        },
    },
]

# The database: PostgreSQL at DATABASE_URL or in FOUNDRY_DATABASE_SECRET, or the embedded one, which starts when it is
# first needed.

DATABASE_URL = environment.text("DATABASE_URL", "")
DATABASES = {
    "default": database.settings(production=PRODUCTION or ON_LAMBDA, certificates=BASE_DIR / "global-bundle.pem")
    or embedded.settings(FOUNDRY_HOME, durable=not environment.flag("FOUNDRY_TESTING"))
}
# A function that waits for its next event, perhaps for ever, must keep none.
DATABASES["default"]["CONN_MAX_AGE"] = environment.number("FOUNDRY_CONN_MAX_AGE", 0 if ON_LAMBDA else 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True


def _secret_key() -> str:
    """What is reached from this machine only has a fixed key, which keeps sessions over restarts.

    That is neither production nor a function on AWS; one of a local AWS has its database on this machine. A function
    that only computes signs nothing: it has none, so that Django fails if it ever does.
    """
    if not PRODUCTION and not (ON_LAMBDA and database.is_elsewhere(DATABASES["default"])):
        return "only-for-this-machine"
    return "" if FOUNDRY_SERVICE else environment.secret("FOUNDRY_SECRET_KEY", fetch=secrets.read)


SECRET_KEY = _secret_key()
#: The keys before it, separated by commas: what they signed still counts, and webhook secrets made of them still sign.
SECRET_KEY_FALLBACKS = environment.words("FOUNDRY_SECRET_KEY_FALLBACKS")

LOGIN_URL = "portal:sign-in"
LOGIN_REDIRECT_URL = "portal:catalogue"
LOGOUT_REDIRECT_URL = "portal:sign-in"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# As the stylesheet calls them.
MESSAGE_TAGS = {messages.SUCCESS: "good", messages.WARNING: "warn", messages.ERROR: "bad"}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STORAGES = {"staticfiles": {"BACKEND": "foundry.portal.assets.Assets"}}
# The few static files come from installed packages; collecting them first would be one step more for nothing.
WHITENOISE_USE_FINDERS = True

# The platform.

#: The packages whose subpackages are services; a laboratory keeps its own in a package of its own.
FOUNDRY_SERVICES = environment.words("FOUNDRY_SERVICES", "services")

#: Who starts slots when there is work: the class of a `foundry.core.nudge.Dispatcher`.
FOUNDRY_DISPATCHER = environment.text("FOUNDRY_DISPATCHER", "foundry.dispatch.worker.WorkerDispatcher")

#: The release this process belongs to; slots take jobs of their own release only.
FOUNDRY_RELEASE = environment.text("FOUNDRY_RELEASE", "local")
if ON_LAMBDA:
    FOUNDRY_RELEASE = f"{os.environ['AWS_LAMBDA_FUNCTION_NAME']}:{os.environ['AWS_LAMBDA_FUNCTION_VERSION']}"

#: Services that functions of their own compute: requests to one are refused until its first release is recorded.
FOUNDRY_COMPUTED_ELSEWHERE = environment.words("FOUNDRY_COMPUTED_ELSEWHERE", "")

#: What slots cost where their time is billed, if not the list prices of `foundry.core.prices`.
FOUNDRY_PRICES = environment.prices("FOUNDRY_PRICES")

#: The account that a direct Lambda invoke acts as; whoever may invoke the function is trusted by IAM.
FOUNDRY_INVOKE_ACCOUNT = environment.text("FOUNDRY_INVOKE_ACCOUNT", "invoker")

#: The function and alias that a service's function wakes to send messages; empty: they wait for the sweep.
FOUNDRY_POSTMAN = environment.text("FOUNDRY_POSTMAN", "")

#: The ARN of the SQS queue that Lambda tells failed invocations to; empty: a dead slot's lease has to run out.
FOUNDRY_FAILURE_QUEUE = environment.text("FOUNDRY_FAILURE_QUEUE", "")

#: Where people and programs reach the platform: what links in messages begin with, a stage prefix included.
FOUNDRY_PUBLIC_URL = environment.text("FOUNDRY_PUBLIC_URL", "" if PRODUCTION else "http://127.0.0.1:8000").rstrip("/")

#: Networks such as 10.1.2.0/24 that webhooks may go to though they are not public, and there without TLS, too.
FOUNDRY_WEBHOOK_TRUSTED = environment.networks("FOUNDRY_WEBHOOK_TRUSTED")

#: How e-mail is sent: smtp://user:password@host:587, smtps://..., ses: (as the function's role), console:.
FOUNDRY_MAIL_URL = environment.text("FOUNDRY_MAIL_URL", "" if PRODUCTION else environment.CONSOLE)
MAILERS = {"default": environment.mailer("FOUNDRY_MAIL_URL", FOUNDRY_MAIL_URL or "smtp://localhost:25")}
DEFAULT_FROM_EMAIL = environment.text("FOUNDRY_MAIL_FROM", "Foundry <foundry@localhost>")

#: The largest request body, in MiB. 100,000 sequences of 1 kb are about 100.
FOUNDRY_MAX_BODY_MB = environment.number("FOUNDRY_MAX_BODY_MB", 128, least=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = FOUNDRY_MAX_BODY_MB * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
#: The largest body that reaches us over HTTP, in bytes. Lambda takes events of 6 MB, in which API Gateway writes four
#: bytes for three and adds its own; what is larger, the gateway refuses before we hear of it.
FOUNDRY_MAX_UPLOAD = min(DATA_UPLOAD_MAX_MEMORY_SIZE, 4_500_000 if ON_LAMBDA else DATA_UPLOAD_MAX_MEMORY_SIZE)

#: The S3 bucket for files that are too large for an answer of Lambda.
FOUNDRY_ARTIFACT_BUCKET = environment.text("FOUNDRY_ARTIFACT_BUCKET", "")

#: How files reach who asks for them: the class of a `foundry.api.files.Answers`.
FOUNDRY_FILES = "foundry.api.files.Streamed"
if ON_LAMBDA and FOUNDRY_ARTIFACT_BUCKET:
    FOUNDRY_FILES = "foundry.aws.files.Bucketed"

#: Finished requests are removed after this many days; 0 keeps them.
FOUNDRY_RETENTION_DAYS = environment.number("FOUNDRY_RETENTION_DAYS", 0)

# Security.

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "foundry.portal.refusals.not_our_form"
SESSION_COOKIE_HTTPONLY = True
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": environment.choice("FOUNDRY_LOG_LEVEL", "INFO", LOG_LEVELS)},
    # Answers of 4xx are the caller's business; a 500 is logged with its traceback.
    # AWS's client tells at each start where it found its credentials.
    "loggers": {"django.request": {"level": "ERROR"}, "botocore": {"level": "WARNING"}},
}
