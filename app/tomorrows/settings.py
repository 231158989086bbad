"""The environment, parsed once into one frozen record; what is wrong is one sentence naming the variable."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from tomorrows.features import Features, FeaturesError, parse_features
from tomorrows.outbound.addresses import AllowList, parse_allow_list
from tomorrows.secrets_source import Secret, read_secret

MAX_LEASE_SECONDS = 30.0
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A setting is missing or wrong: which one, what it holds, what it should be."""


class Role(StrEnum):
    """What this process is."""

    API = "api"
    WORKER = "worker"
    ADMIN = "admin"
    MONITORING = "monitoring"


@dataclass(frozen=True)
class Sibling:
    """Another role that Monitoring watches."""

    name: str
    host: str
    port: int


@dataclass(frozen=True)
class Settings:
    """Everything that configuration decides."""

    role: Role
    name: str
    environment: str
    port: int
    database_url: Secret
    api_key: Secret
    ui_password: Secret
    sso_header: str | None
    sso_proxies: tuple[Network, ...]
    webhook_allow: AllowList
    siblings: tuple[Sibling, ...]
    features: Features
    unknown_features: tuple[str, ...]
    lease_seconds: float
    worker_concurrency: int
    max_attempts: int
    graceful_timeout: float
    request_timeout: float
    max_in_flight: int
    max_body_bytes: int
    log_level: str

    @property
    def needs_key(self) -> bool:
        """In prod the API key is mandatory."""
        return self.environment == "prod"


def parse(environment: Mapping[str, str]) -> Settings:
    """Read every setting of this process; raise SettingsError with the first one that is wrong."""
    try:
        features, unknown = parse_features(environment.get("FEATURES", ""))
        allow = parse_allow_list(environment.get("WEBHOOK_ALLOW", ""))
    except (FeaturesError, ValueError) as error:
        raise SettingsError(str(error)) from None
    role = _choice(environment, "APP_ROLE", tuple(Role), Role.API)
    return Settings(
        role=Role(role),
        name=environment.get("APP_NAME", "").strip() or f"my-tomorrows-{role}",
        environment=environment.get("APP_ENVIRONMENT", "").strip() or "dev",
        port=_whole(environment, "PORT", 5000, 1, 65_535),
        database_url=read_secret(environment, "DATABASE_URL", "sqlite:///./reminders.db"),
        api_key=read_secret(environment, "API_KEY"),
        ui_password=read_secret(environment, "UI_PASSWORD"),
        sso_header=environment.get("UI_SSO_HEADER", "").strip() or None,
        sso_proxies=_networks(environment, "UI_SSO_TRUSTED_PROXIES"),
        webhook_allow=allow,
        siblings=_siblings(environment.get("SIBLINGS", "")),
        features=features,
        unknown_features=unknown,
        lease_seconds=_number(environment, "WORKER_LEASE_SECONDS", 15.0, 1.0, MAX_LEASE_SECONDS),
        worker_concurrency=_whole(environment, "WORKER_CONCURRENCY", 4, 1, 64),
        max_attempts=_whole(environment, "WORKER_MAX_ATTEMPTS", 10, 1, 100),
        graceful_timeout=_number(environment, "GRACEFUL_TIMEOUT", 20.0, 1.0, 600.0),
        request_timeout=_number(environment, "REQUEST_TIMEOUT", 10.0, 0.5, 300.0),
        max_in_flight=_whole(environment, "MAX_IN_FLIGHT", 64, 1, 10_000),
        max_body_bytes=_whole(environment, "MAX_BODY_BYTES", 131_072, 1, 16_777_216),
        log_level=_choice(environment, "LOG_LEVEL", LOG_LEVELS, "INFO", upper=True),
    )


def _choice(
    environment: Mapping[str, str], name: str, choices: tuple[str, ...], default: str, *, upper: bool = False
) -> str:
    text = environment.get(name, "").strip() or default
    text = text.upper() if upper else text
    if text not in choices:
        raise SettingsError(f"{name} is {text!r}; it must be one of {', '.join(choices)}")
    return str(text)


def _number(environment: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}; it must be a number") from None
    if not low <= value <= high:
        raise SettingsError(f"{name} is {text}; it must lie between {low:g} and {high:g}")
    return value


def _whole(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = _number(environment, name, default, low, high)
    if value != int(value):
        raise SettingsError(f"{name} is {value}; it must be a whole number")
    return int(value)


def _networks(environment: Mapping[str, str], name: str) -> tuple[Network, ...]:
    networks = []
    for part in _parts(environment.get(name, "")):
        try:
            networks.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            raise SettingsError(f"{name} holds {part!r}; it must be a network such as 10.0.0.0/8") from None
    return tuple(networks)


def _siblings(text: str) -> tuple[Sibling, ...]:
    siblings = []
    for part in _parts(text):
        name, separator, url = part.partition("=")
        try:
            address = urlsplit(url)
            host, port = address.hostname, address.port
        except ValueError:
            host, port, address = None, None, urlsplit("")
        if not separator or not name.strip() or address.scheme != "http" or not host:
            raise SettingsError(f"SIBLINGS holds {part!r}; it must be name=http://host:port")
        siblings.append(Sibling(name.strip(), host, port or 80))
    return tuple(siblings)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
