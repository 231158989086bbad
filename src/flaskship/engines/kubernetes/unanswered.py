"""Why no answer came from an API server, in words, and what to do: by the error beneath the error."""

import errno
import os
import socket
import ssl
from collections.abc import Iterator

ROUTES = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})


def silence(seconds: float) -> tuple[str, str]:
    """Return the same for one that took too long."""
    return (
        f"no answer within {seconds:g} s",
        "see whether a VPN or a firewall is in between, and whether it runs",
    )


def why(error: BaseException) -> tuple[str, str]:
    """Return the reason and the advice; the advice is empty where the error tells no more than itself."""
    for one in _beneath(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not to be trusted: {one.verify_message}",
                "fetch the kubeconfig of this cluster again: its certificate-authority is another one's, "
                "or something in between answers",
            )
        if isinstance(one, ssl.SSLError) and getattr(one, "reason", None) in NO_TLS:
            return (
                "no TLS is spoken there",
                "see whether the server of this context is meant to be http, or is another service's",
            )
        if isinstance(one, socket.gaierror):
            return (
                f"its name is not known: {one.strerror}",
                "see the server of this context in the kubeconfig, and whether its VPN is up",
            )
        if isinstance(one, ConnectionRefusedError):
            return (
                "connection refused: nothing listens there",
                "see whether the cluster runs, and the server of this context in the kubeconfig",
            )
        if isinstance(one, OSError) and one.errno in ROUTES:
            return (
                f"{os.strerror(one.errno or 0).lower()}",
                "see whether this machine has a way there: its network, or a VPN",
            )
    return " ".join(str(error).split()) or type(error).__name__, ""


def _beneath(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came of, each once; several addresses may have failed together."""
    seen: set[int] = set()
    left = [error]
    while left:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        left += getattr(one, "exceptions", ())
        left += [each for each in (one.__cause__, one.__context__) if each is not None]
