"""A server that does not answer, on real sockets: nobody listens there, or somebody else does."""

import errno
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.failures import UnreachableError
from flaskship.engines.kubernetes.resources import PODS
from flaskship.engines.kubernetes.unanswered import silence, why


def kubeconfig(folder: Path, server: str, **cluster: str) -> str:
    file = folder / "kubeconfig"
    file.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
                "users": [{"name": "u", "user": {"token": "s3cret"}}],
                "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    return str(file)


@contextmanager
def listening(context: ssl.SSLContext | None, said: bytes) -> Iterator[int]:
    """Somebody who says this to everybody who comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(peer, server_side=True) if context else peer as stream:
                        stream.sendall(said)
                except OSError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


async def refused(folder: Path, server: str, **cluster: str) -> UnreachableError:
    one = Cluster.of("here", kubeconfig(folder, server, **cluster))
    try:
        with pytest.raises(UnreachableError) as told:
            await one.list(PODS, "shop")
    finally:
        await one.close()
    assert told.value.exit_code == 4
    assert told.value.message.startswith(f"cluster here at {server}: list ")
    assert str(told.value.hint).endswith("; look at it with: kubectl --context here get --raw /readyz")
    assert "s3cret" not in f"{told.value.message}{told.value.hint}"
    return told.value


async def test_where_nobody_listens_that_is_said_and_not_that_attempts_failed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    told = await refused(tmp_path, f"https://127.0.0.1:{port}")
    assert told.message.endswith("connection refused: nothing listens there")
    assert "see whether the cluster runs" in str(told.hint)


async def test_what_speaks_no_tls_is_told(tmp_path: Path) -> None:
    with listening(None, b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        told = await refused(tmp_path, f"https://127.0.0.1:{port}")
    assert "no TLS is spoken there" in told.message
    assert "meant to be http" in str(told.hint)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to make a certificate")
async def test_a_certificate_of_another_authority_says_which_entry_of_the_kubeconfig_is_wrong(
    tmp_path: Path,
) -> None:
    for name in ("theirs", "ours"):
        make = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ]
        make += ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        make += ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.crt")]
        subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "theirs.crt", tmp_path / "theirs.key")
    with listening(context, b"") as port:
        ours = str(tmp_path / "ours.crt")
        told = await refused(tmp_path, f"https://127.0.0.1:{port}", **{"certificate-authority": ours})
    assert "its certificate is not to be trusted" in told.message
    assert "certificate-authority" in str(told.hint)


@pytest.mark.parametrize(
    ("error", "said", "advice"),
    [
        (socket.gaierror(-2, "Name or service not known"), "its name is not known: Name or", "kubeconfig"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "no route to host", "VPN"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "network is unreachable", "VPN"),
        (
            ExceptionGroup("all", [ConnectionRefusedError(errno.ECONNREFUSED, "no")]),
            "nothing listens",
            "runs",
        ),
        (ssl.SSLEOFError(8, "EOF occurred"), "EOF occurred", ""),
        (OSError(errno.EPIPE, "Broken pipe"), "Broken pipe", ""),
        (ValueError(), "ValueError", ""),
    ],
)
def test_the_error_beneath_tells_the_reason(error: Exception, said: str, advice: str) -> None:
    outer = RuntimeError("all connection attempts failed")
    outer.__cause__ = error
    found, told = why(outer if advice else error)
    assert said in found
    assert advice in told
    assert bool(told) is bool(advice)


def test_an_error_that_is_its_own_context_ends() -> None:
    one, other = OSError("one"), OSError("other")
    one.__context__, other.__context__ = other, one
    assert why(one) == ("one", "")
    assert silence(10) == (
        "no answer within 10 s",
        "see whether a VPN or a firewall is in between, and whether it runs",
    )
