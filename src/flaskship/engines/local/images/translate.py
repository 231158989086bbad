"""pip's settings in uv's words; secrets travel in variables, never on a command line."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.pipsettings import PipSettings

# They change what is installed or how it is trusted, and uv has no word for them.
_UNTRANSLATABLE = frozenset(
    {
        "global-option", "config-settings", "use-feature", "keyring-provider", "platform", "implementation",
        "abi", "python-version", "no-build-isolation",
    }
)  # fmt: skip
# They would install into another place than the image.
_ELSEWHERE = frozenset({"user", "target", "prefix", "root", "require-virtualenv", "python", "dry-run"})
SYSTEM_UV_CONFIGURATION = Path("/etc/uv/uv.toml")
SYSTEM_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/System/Library/Keychains",
)
_HARMLESS_FEATURES = frozenset({"truststore", "fast-deps", "inprocess-build-deps"})


@dataclass(frozen=True, slots=True)
class UvSettings:
    """What uv needs to behave as pip is configured; `impossible` names what it cannot do."""

    environment: Mapping[str, str]
    options: tuple[str, ...] = ()
    impossible: tuple[str, ...] = ()


def translate_settings(settings: PipSettings, environment: Mapping[str, str]) -> UvSettings:
    """uv's variables and options for pip's settings; variables for uv that the user has set win."""
    variables: dict[str, str] = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    variables.update(_configuration(environment))
    options: list[str] = []
    _indexes(settings, variables, options)
    _trust(settings, variables, environment)
    proxy = settings.one("proxy")
    if proxy is not None:
        variables.update({"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "ALL_PROXY": proxy})
    for name, variable in (("timeout", "UV_HTTP_TIMEOUT"), ("retries", "UV_HTTP_RETRIES")):
        value = settings.one(name)
        if value is not None and re.fullmatch(r"\d+(\.\d+)?", value):
            variables[variable] = str(max(1, round(float(value))) if name == "timeout" else int(float(value)))
    if settings.on("pre"):
        variables["UV_PRERELEASE"] = "allow"
    for name in ("no-binary", "only-binary"):
        for value in settings.many(name):
            options.extend(f"--{name}={part}" for part in value.split(",") if part)
    for value in settings.many("constraint"):
        options.extend(("--constraints", value))
    chosen = {
        name: value
        for name, value in variables.items()
        if not (name.startswith("UV_") and environment.get(name))
    }
    return UvSettings(chosen, tuple(options), _impossible(settings))


def _configuration(environment: Mapping[str, str]) -> dict[str, str]:
    """What the user wrote for uv counts; a uv.toml of a folder around the project is not the image's."""
    if environment.get("UV_CONFIG_FILE"):
        return {}
    home = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or "/", ".config")
    for place in (Path(home, "uv", "uv.toml"), SYSTEM_UV_CONFIGURATION):
        if place.is_file():
            return {"UV_CONFIG_FILE": os.fspath(place)}
    return {"UV_NO_CONFIG": "1"}


def _indexes(settings: PipSettings, variables: dict[str, str], options: list[str]) -> None:
    index, extra = settings.one("index-url"), settings.many("extra-index-url")
    if settings.on("no-index"):
        options.append("--no-index")
    else:
        if index is not None:
            variables["UV_DEFAULT_INDEX"] = index
        if extra:
            variables["UV_INDEX"] = " ".join(extra)
            # pip takes the best version of all indexes; uv alone would stop at the first that has the name.
            variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    links = [
        link for link in settings.many("find-links") if "://" in link or Path(link).expanduser().exists()
    ]
    if links:
        variables["UV_FIND_LINKS"] = ",".join(
            link if "://" in link else os.fspath(Path(link).expanduser()) for link in links
        )


def _trust(settings: PipSettings, variables: dict[str, str], environment: Mapping[str, str]) -> None:
    # The environment is nearer to the user than a file of the machine, for pip as for the bootstrap.
    named = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
    bundle = next((file for name in named if (file := environment.get(name))), None) or settings.one("cert")
    if bundle and Path(bundle).is_dir():
        variables["SSL_CERT_DIR"] = bundle
    elif bundle and Path(bundle).is_file():
        variables["SSL_CERT_FILE"] = bundle
    elif not environment.get("SSL_CERT_FILE") and any(Path(store).exists() for store in SYSTEM_STORES):
        # As pip does since 24.2: what the machine trusts is trusted. Without a store uv brings its own.
        variables["UV_SYSTEM_CERTS"] = "true"
    if (client := settings.one("client-cert")) is not None:
        variables["SSL_CLIENT_CERT"] = client
    if hosts := settings.many("trusted-host"):
        variables["UV_INSECURE_HOST"] = " ".join(hosts)


def _impossible(settings: PipSettings) -> tuple[str, ...]:
    named = []
    for name in sorted(_UNTRANSLATABLE & settings.values.keys()):
        values = set(settings.many(name))
        if name == "use-feature" and values <= _HARMLESS_FEATURES:
            continue
        if name == "keyring-provider" and values <= {"auto", "disabled"}:
            continue
        named.append(name)
    if any("," in link for link in settings.many("find-links")):
        named.append("find-links with a comma")
    return tuple(named)


def pip_environment(settings: PipSettings) -> dict[str, str]:
    """The same settings as variables for pip itself, wherever its files are."""
    values = {
        f"PIP_{name.upper().replace('-', '_')}": " ".join(found)
        for name, found in settings.values.items()
        if name not in _ELSEWHERE
    }
    return {
        **values,
        "PIP_USER": "0",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
