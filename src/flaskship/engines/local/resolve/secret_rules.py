"""Which value a key of a Secret gets on this machine, by its name."""

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")

STAND_INS: Mapping[str, str] = MappingProxyType(
    {
        "host": "localhost",
        "hostname": "localhost",
        "port": "5432",
        "user": "flaskship",
        "username": "flaskship",
        "engine": "sqlite",
        "database": "flaskship",
        "dbname": "flaskship",
        "name": "flaskship",
    }
)
"""What the parts of a database's address are, where only its URL counts here."""

_DATABASE = frozenset({"database", "db", "postgres", "postgresql", "pg", "sql", "sqlalchemy", "rds"})
_ADDRESS = frozenset({"url", "uri", "dsn"})
_PLACE = _ADDRESS | {"host", "hostname", "endpoint", "address"}
_OTHER_STORES = frozenset(
    {"amqp", "broker", "cache", "celery", "elasticsearch", "kafka", "memcached", "mongo", "mongodb"}
    | {"mysql", "mariadb", "opensearch", "rabbitmq", "redis"}
)
_CERTIFICATE = frozenset({"cert", "certificate", "crt", "pem", "p12", "pfx", "jks", "keystore", "ca", "tls"})
_THIRD_PARTIES = frozenset(
    (
        *("algolia", "anthropic", "auth0", "aws", "azure", "bugsnag", "cloudflare", "cognito", "datadog"),
        *("discord", "dockerhub", "facebook", "fcm", "firebase", "gcp", "github", "gitlab", "google"),
        *(
            "grafana",
            "honeycomb",
            "imap",
            "intercom",
            "jira",
            "kms",
            "ldap",
            "license",
            "licence",
            "mailchimp",
        ),
        *("mailgun", "mailjet", "newrelic", "npm", "oauth", "oidc", "okta", "openai", "opsgenie"),
        *("pagerduty", "paypal", "postmark", "recaptcha", "rollbar", "s3", "saml", "segment", "sendgrid"),
        *("sentry", "ses", "slack", "smtp", "sns", "sparkpost", "sqs", "ssh", "stripe", "teams", "telegram"),
        *("twilio", "vapid", "vault", "vonage", "zendesk"),
    )
)


class Source(Enum):
    """Where the value of a key comes from here."""

    RANDOM = "random, once"
    DATABASE_URL = "the address of the environment's database"
    STAND_IN = "a documented stand-in"
    THIRD_PARTY = "it belongs to a service outside of this machine"
    ADDRESS = "it is an address: random text leads nowhere"
    CERTIFICATE = "it is a certificate or its key: random text is none"

    @property
    def by_hand(self) -> bool:
        """Say whether only a person can fill it."""
        return self in (Source.THIRD_PARTY, Source.ADDRESS, Source.CERTIFICATE)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in any of the usual styles, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def source_of(secret: str, key: str, stand_ins: Mapping[str, str] = STAND_INS) -> Source:
    """Decide where the value of a key comes from; nothing of a third party is made up."""
    words, around = frozenset(words_of(key)), frozenset(words_of(secret))
    if words & _THIRD_PARTIES or (around & _THIRD_PARTIES and not words & _DATABASE):
        return Source.THIRD_PARTY
    of_database = bool((words | around) & _DATABASE) and not words & _OTHER_STORES
    if of_database and words & _ADDRESS:
        return Source.DATABASE_URL
    if of_database and stand_in(key, stand_ins) is not None:
        return Source.STAND_IN
    if words & _PLACE:
        return Source.ADDRESS
    if words & _CERTIFICATE:
        return Source.CERTIFICATE
    return Source.RANDOM


def stand_in(key: str, stand_ins: Mapping[str, str] = STAND_INS) -> str | None:
    """Return the stand-in for a part of a database's address, by the last word of the key."""
    words = words_of(key)
    return stand_ins.get(words[-1]) if words else None
