"""From a context of the kubeconfig to an HTTP session with its address, trust and login."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flaskship.engines.kubernetes.kubeconfig import FILES, Kubeconfig, context_of
from flaskship.model.errors import PreflightError

if TYPE_CHECKING:
    import httpx2

PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Connection:
    """One session; server_name is what its certificate is checked against where that is not the host."""

    context: str
    server: str
    session: "httpx2.AsyncClient"
    server_name: str | None = None


def connect(config: Kubeconfig, context: str) -> Connection:
    """Return a session for a context; no request is made yet. PreflightError for what the file lacks."""
    from lightkube.config.client_adapter import AsyncClient, ConnectionParams
    from lightkube.config.kubeconfig import KubeConfig
    from lightkube.core.exceptions import ConfigError

    _, cluster, user = context_of(config, context)
    for key in FILES:
        for entry in (cluster, user):
            if entry.get(key) and not Path(entry[key]).is_file():
                raise PreflightError(
                    f"context {context} cannot be used: its {key} {entry[key]} is not there",
                    hint="repair the kubeconfig, or name another context with --context",
                )
    plugin = user.get("exec")
    plain = {key: value for key, value in user.items() if key != "exec"}
    try:
        single = KubeConfig.from_dict(
            {
                "clusters": [{"name": "it", "cluster": dict(cluster)}],
                "users": [{"name": "it", "user": plain}],
                "contexts": [{"name": context, "context": {"cluster": "it", "user": "it"}}],
            }
        ).get(context)
        assert single is not None
        session = AsyncClient(single, ConnectionParams(_patience(), proxy=cluster.get("proxy-url")))
    except (ConfigError, ssl.SSLError, OSError, ValueError, TypeError) as error:
        # The text of such an error may quote the file: only its kind is told.
        raise PreflightError(
            f"context {context} of {', '.join(map(str, config.files))} cannot be used: {_told(error)}",
            hint=f"try: kubectl --context {context} version",
        ) from None
    if plugin:
        from flaskship.engines.kubernetes.login import PluginAuth

        session.auth = PluginAuth(context, plugin, _information(cluster))
    name = cluster.get("tls-server-name")
    return Connection(context, str(cluster.get("server")), session, str(name) if name else None)


def _patience() -> "httpx2.Timeout":
    import httpx2

    return httpx2.Timeout(PATIENCE)


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, ssl.SSLError):
        return "its certificate or key is not valid"
    return f"a field has the wrong form ({type(error).__name__})"


def _information(cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    known = (
        "server",
        "certificate-authority-data",
        "tls-server-name",
        "insecure-skip-tls-verify",
        "proxy-url",
    )
    return {key: cluster[key] for key in known if key in cluster}
