"""The settings of Pluginhost. Everything runs from a clone with nothing set; README.md lists what can be.

`DATABASE_URL` brings PostgreSQL, `REDIS_URL` brings Redis for channel layer, cache and Celery: two switches.
"""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from pluginhost import credentials

from . import environment

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# --- where things are ---
PLUGINHOST_DATA_DIR = environment.folder("PLUGINHOST_DATA_DIR", BASE_DIR / "var")
PLUGINHOST_FILES_DIR = PLUGINHOST_DATA_DIR / "files"
PLUGINHOST_HOST = environment.text("PLUGINHOST_HOST", "127.0.0.1")
PLUGINHOST_PORT = environment.number("PLUGINHOST_PORT", 8000, 0, 65_535)
PLUGINHOST_URL = environment.address("PLUGINHOST_URL", ("http", "https"))
PLUGINHOST_DEMO = environment.flag("PLUGINHOST_DEMO", True)
PLUGINHOST_ROLE = environment.role("PLUGINHOST_ROLE")
PLUGINHOST_ALLOWED_HOSTS = environment.words("PLUGINHOST_ALLOWED_HOSTS")
PLUGINHOST_TRUSTED_PROXIES = environment.networks("PLUGINHOST_TRUSTED_PROXIES")

# --- managed scripts; see docs/supervision.md ---
PLUGINHOST_MANAGED_SCRIPTS = environment.choice("PLUGINHOST_MANAGED_SCRIPTS", ("0", "1", "public"))
PLUGINHOST_SCRIPT_PATHS = environment.folders("PLUGINHOST_SCRIPT_PATHS")
PLUGINHOST_SCRIPT_VARIABLES = environment.words("PLUGINHOST_SCRIPT_VARIABLES")
PLUGINHOST_SCRIPT_LIMIT = environment.number("PLUGINHOST_SCRIPT_LIMIT", 512 * 2**20, 2**10)
PLUGINHOST_SCRIPT_OUTPUT_LIMIT = environment.number("PLUGINHOST_SCRIPT_OUTPUT_LIMIT", 64 * 2**20, 2**20)

# --- keys ---
_keys = credentials.load_keys(PLUGINHOST_DATA_DIR / "keys")
SECRET_KEY = environment.text("SECRET_KEY") or _keys["secret_key"]
PLUGINHOST_DIGEST_KEY = environment.text("PLUGINHOST_DIGEST_KEY") or _keys["digest_key"]
PLUGINHOST_ENCRYPTION_KEYS = environment.words("PLUGINHOST_ENCRYPTION_KEYS") or [_keys["encryption_key"]]

# --- limits; the names are those of ARCHITECTURE.md ---
PLUGINHOST_MESSAGE_LIMIT = environment.number("PLUGINHOST_MESSAGE_LIMIT", 32 * 2**20, 2**20)
PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT = environment.number("PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT", 2**20, 2**10)
PLUGINHOST_LINE_LIMIT = environment.number("PLUGINHOST_LINE_LIMIT", 32 * 2**10, 100)
PLUGINHOST_EXTRA_LIMIT = environment.number("PLUGINHOST_EXTRA_LIMIT", 16 * 2**10, 100)
PLUGINHOST_LINES_LIMIT = environment.number("PLUGINHOST_LINES_LIMIT", 1_000_000, 1)
PLUGINHOST_BODY_LIMIT = environment.number("PLUGINHOST_BODY_LIMIT", 10 * 2**20, 2**10)
PLUGINHOST_IMPORT_LIMIT = environment.number("PLUGINHOST_IMPORT_LIMIT", 256 * 2**20, 2**10)
PLUGINHOST_UPLOAD_LIMIT = environment.number("PLUGINHOST_UPLOAD_LIMIT", 2 * 2**30, 2**10)
PLUGINHOST_CONFIG_LIMIT = environment.number("PLUGINHOST_CONFIG_LIMIT", 2**20, 100)
PLUGINHOST_ANONYMOUS_SECONDS = environment.number("PLUGINHOST_ANONYMOUS_SECONDS", 30, 1)
PLUGINHOST_QUARANTINE_SECONDS = environment.number("PLUGINHOST_QUARANTINE_SECONDS", 60, 1)
PLUGINHOST_QUARANTINE_PER_ADDRESS = environment.number("PLUGINHOST_QUARANTINE_PER_ADDRESS", 20, 1)
PLUGINHOST_ADOPTION_SECONDS = environment.number("PLUGINHOST_ADOPTION_SECONDS", 6, 1)
PLUGINHOST_ADOPTION_SECONDS_POLLING = environment.number("PLUGINHOST_ADOPTION_SECONDS_POLLING", 10, 1)
PLUGINHOST_GRACE_SECONDS = environment.number("PLUGINHOST_GRACE_SECONDS", 90, 1)
PLUGINHOST_RETRY_SECONDS = environment.number("PLUGINHOST_RETRY_SECONDS", 60, 1)
PLUGINHOST_CANCEL_SECONDS = environment.number("PLUGINHOST_CANCEL_SECONDS", 30, 1)
PLUGINHOST_LEASE_SECONDS = environment.number("PLUGINHOST_LEASE_SECONDS", 30, 5)
PLUGINHOST_LINGER_SECONDS = environment.number("PLUGINHOST_LINGER_SECONDS", 86_400, 0)
PLUGINHOST_SWEEP_SECONDS = environment.number("PLUGINHOST_SWEEP_SECONDS", 5, 1)
PLUGINHOST_EXPORT_BACKGROUND_ITEMS = environment.number("PLUGINHOST_EXPORT_BACKGROUND_ITEMS", 2_000, 0)
PLUGINHOST_EXPORT_BUILDERS = environment.number("PLUGINHOST_EXPORT_BUILDERS", 2, 1)
PLUGINHOST_EXPORT_WAIT_SECONDS = environment.number("PLUGINHOST_EXPORT_WAIT_SECONDS", 600, 1)
PLUGINHOST_PROBE_SECONDS = environment.number("PLUGINHOST_PROBE_SECONDS", 15, 1)
PLUGINHOST_PING_INTERVAL = environment.number("PLUGINHOST_PING_INTERVAL", 25, 1)
PLUGINHOST_PING_TIMEOUT = environment.number("PLUGINHOST_PING_TIMEOUT", 60, 1)

# --- Django ---
DEBUG = environment.flag("DJANGO_DEBUG", False)
ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "pluginhost.User"
ALLOWED_HOSTS = ["*"]  # checked in dashboard.hosts: this machine's names and PLUGINHOST_ALLOWED_HOSTS
SITE_ID = None

INSTALLED_APPS = [
    "pluginhost",
    "dashboard",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "allauth",
    "allauth.account",
    "ninja",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
if DEBUG:  # straight from static/; else what `serve` has copied, without asking Django (dashboard.static_files)
    MIDDLEWARE.insert(1, "servestatic.middleware.ServeStaticMiddleware")
PLUGINHOST_MIDDLEWARE_FOR_PROGRAMS = [  # for doors that look at no cookie
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.shell",
            ],
        },
    }
]

# --- database ---
_database_url = environment.address("DATABASE_URL", ("postgres", "postgresql"))
if _database_url:
    DATABASES = {"default": environ.Env.db_url_config(_database_url)}
    DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": PLUGINHOST_DATA_DIR / "pluginhost.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # A deferred transaction ignores the busy timeout when it turns into a writing one.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
            },
        }
    }

# --- Redis, or this process alone ---
REDIS_URL = environment.address("REDIS_URL", ("redis", "rediss", "unix"))
if REDIS_URL:
    # redis-py 8 sets a socket timeout as long as the layer's own wait, which would end every idle consumer.
    _redis_host = {"address": REDIS_URL, "socket_timeout": None}
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [_redis_host]}}
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "pluginhost.memory_layer.MemoryLayer"}}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

CELERY_BROKER_URL = REDIS_URL or "memory://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = {} if REDIS_URL else {"polling_interval": 0.05}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # the schedule is static; the default one writes a file beside the code
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# --- people ---
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "dashboard.accounts.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_FORMS = {
    "login": "dashboard.forms.account.SignInForm",
    "change_password": "dashboard.forms.account.PasswordForm",
}
ACCOUNT_SESSION_REMEMBER = None  # the form asks
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/m/ip,5/5m/key"}
ACCOUNT_PREVENT_ENUMERATION = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- the browser ---
_https = PLUGINHOST_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PLUGINHOST_URL] if PLUGINHOST_URL else []
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PLUGINHOST_TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = PLUGINHOST_DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = DEBUG  # else what `serve` has copied to STATIC_ROOT
SERVESTATIC_AUTOREFRESH = DEBUG

# --- language and time ---
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# --- bodies are guarded before Django; see dashboard.guard ---
DATA_UPLOAD_MAX_MEMORY_SIZE = PLUGINHOST_BODY_LIMIT
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # the run dialog has one for each class, and each batch may be ticked
DATA_UPLOAD_MAX_NUMBER_FILES = 1_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": environment.text("PLUGINHOST_LOG_LEVEL", "WARNING").upper()},
    "loggers": {
        "pluginhost": {"level": environment.text("PLUGINHOST_LOG_LEVEL", "INFO").upper()},
        "dashboard": {"level": environment.text("PLUGINHOST_LOG_LEVEL", "INFO").upper()},
        "django.server": {"level": "WARNING"},
    },
}
if LOGGING["root"]["level"] not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:  # type: ignore[index]
    raise ImproperlyConfigured("PLUGINHOST_LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
