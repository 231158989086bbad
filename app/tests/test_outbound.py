"""Webhooks over real sockets: bounded in time, bound to the address that was judged, wary of redirects."""

import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from app_support import receiving

from tomorrows.outbound import resolve as resolving
from tomorrows.outbound.addresses import parse_allow_list
from tomorrows.outbound.breakers import MOST, Breakers
from tomorrows.outbound.http import Answer, Call, ExchangeFailed, _tls, exchange
from tomorrows.outbound.resolve import NotResolved, resolve
from tomorrows.outbound.webhook import Outcome, WebhookCaller, judge_answer

LOOPBACK = ipaddress.ip_address("127.0.0.1")
OPEN = parse_allow_list("127.0.0.0/8")
SHUT = parse_allow_list("")


def caller(allow=OPEN, **parts):
    return WebhookCaller(allow, **parts)


def deliver(url, allow=OPEN, **parts):
    return caller(allow, **parts).deliver(url, {"Idempotency-Key": "k"}, b"{}")


@contextmanager
def raw_server(talk):
    """Serve each connection with `talk(socket)` in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=quietly, args=(connection,), daemon=True).start()

    def quietly(connection):
        with connection, suppress(OSError):
            talk(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def call(port, **parts):
    return exchange(
        Call("POST", f"http://hook.example:{port}/x?y=1", "127.0.0.1", **{"seconds": 0.6, **parts})
    )


def test_a_delivery_arrives_with_body_key_and_host():
    with receiving() as receiver:
        result = deliver(f"http://127.0.0.1:{receiver.port}/hook?a=b")
        assert result.outcome is Outcome.DELIVERED
        (got,) = receiver.received
        assert (got.path, got.body, got.headers["Idempotency-Key"]) == ("/hook?a=b", b"{}", "k")
        assert got.headers["Host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "0"]
)
def test_every_spelling_of_loopback_is_refused(host):
    with receiving() as receiver:
        result = deliver(f"http://{host}:{receiver.port}/", SHUT)
        assert result.outcome in (Outcome.CLOSED, Outcome.RETRY)
        assert result.outcome is Outcome.CLOSED or "not resolved" in result.reason
        assert not receiver.received


def test_the_connection_goes_to_the_judged_address_however_the_name_changes():
    """DNS rebinding: the second answer of the resolver must never be used."""
    answers = [[ipaddress.ip_address("93.184.216.34")], [LOOPBACK]]
    calls = []

    def send(outgoing):
        calls.append(outgoing.address)
        return Answer(204, None, b"")

    found = deliver("http://rebind.example/", SHUT, resolve=lambda host, port: answers.pop(0), exchange=send)
    assert found.outcome is Outcome.DELIVERED
    assert calls == ["93.184.216.34"]
    assert len(answers) == 1


def test_exchange_does_not_resolve(monkeypatch):
    with receiving() as receiver:
        real = socket.getaddrinfo

        def only_addresses(host, *rest, **options):
            ipaddress.ip_address(host)  # a name would raise
            return real(host, *rest, **options)

        monkeypatch.setattr(socket, "getaddrinfo", only_addresses)
        assert call(receiver.port, seconds=5).status == 204


def redirect_to(target, status=307):
    return lambda handler, _: handler.answer(status, Location=target)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_followed_with_the_same_request(status):
    with receiving() as final, receiving(redirect_to(f"{final.url}/end", status)) as first:
        assert deliver(first.url).outcome is Outcome.DELIVERED
        (got,) = final.received
        assert (got.path, got.body, got.headers["Idempotency-Key"]) == ("/end", b"{}", "k")


def test_a_redirect_into_the_inside_is_refused():
    with receiving() as inside, receiving(redirect_to(inside.url.replace("127.0.0.1", "localhost"))) as first:
        public = ipaddress.ip_address("127.0.0.1")

        def names(host, port):
            return [public] if host == "127.0.0.1" else [ipaddress.ip_address("10.0.0.1")]

        result = deliver(first.url, OPEN, resolve=names)
        assert result.outcome is Outcome.CLOSED
        assert "10.0.0.1" in result.reason
        assert not inside.received


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "http://user:pw@127.0.0.1/", "gopher://x", "http://127.0.0.1:0/"]
)
def test_a_redirect_to_nonsense_is_refused(target):
    with receiving(redirect_to(target)) as first:
        assert deliver(first.url).outcome is Outcome.REFUSED


def test_a_redirect_off_https_is_refused():
    result = deliver(
        "https://a.example/",
        resolve=lambda *_: [LOOPBACK],
        exchange=lambda _: Answer(302, "http://a.example/", b""),
    )
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "the redirect leaves https")


def test_a_circle_of_redirects_ends():
    seen = []
    with receiving(
        lambda handler, got: (seen.append(got.path), handler.answer(307, Location="/again"))
    ) as first:
        assert deliver(first.url).outcome is Outcome.RETRY
        assert len(seen) == 4


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        ("delivered", (200, 202, 204, 299)),
        ("retry", (303, 304, 400, 404, 429, 500, 503)),
        ("refused", (410,)),
    ],
)
def test_answers_are_judged(outcome, statuses):
    assert {judge_answer("http://x/", Answer(status, None, b"")).outcome for status in statuses} == {outcome}


def test_relative_redirects_are_joined():
    assert judge_answer("http://x:81/a/b", Answer(307, "../c", b"")) == "http://x:81/c"


def test_a_silent_server_is_left():
    silent = raw_server(lambda connection: time.sleep(5))
    with silent as port, pytest.raises(ExchangeFailed, match=r"did not answer in 0\.6 s"):
        call(port)


def test_a_dripping_answer_is_cut_although_each_byte_comes_in_time():
    def drip(connection):
        connection.recv(4096)
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    with raw_server(drip) as port, pytest.raises(ExchangeFailed, match=r"did not answer in 0\.6 s"):
        call(port)


def test_an_endless_body_is_not_read():
    def flood(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with raw_server(flood) as port:
        assert call(port).status == 200
        assert len(call(port, max_answer=1000).body) == 1000


@pytest.mark.parametrize(
    "junk", [b"", b"\x00\xff", b"HTTP/1.1 two hundred\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500]
)
def test_garbage_is_a_failure_in_one_sentence(junk):
    with raw_server(lambda connection: (connection.recv(4096), connection.sendall(junk))) as port:
        with pytest.raises(ExchangeFailed) as caught:
            call(port)
        assert "\n" not in str(caught.value)


def test_a_refused_connection_is_a_failure():
    with raw_server(lambda _: None) as port:
        pass
    with pytest.raises(ExchangeFailed, match="Connection refused"):
        call(port)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program here to make a certificate with")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += f" -keyout {key} -out {cert}"
    command += " -subj /CN=hook.example -addext subjectAltName=DNS:hook.example"
    subprocess.run(command.split(), check=True, capture_output=True)
    return key, cert


def tls_talk(certificate):
    key, cert = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(4096)
            secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    return talk


def test_tls_is_checked_against_the_name_not_the_address(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    _tls.cache_clear()
    try:
        with raw_server(tls_talk(certificate)) as port:
            good = Call("POST", f"https://hook.example:{port}/", "127.0.0.1", seconds=5)
            assert exchange(good).status == 204
            with pytest.raises(ExchangeFailed, match="failed in TLS"):
                exchange(Call("POST", f"https://other.example:{port}/", "127.0.0.1", seconds=5))
    finally:
        _tls.cache_clear()


def test_an_unknown_certificate_is_refused(certificate):
    with raw_server(tls_talk(certificate)) as port, pytest.raises(ExchangeFailed, match="failed in TLS"):
        exchange(Call("POST", f"https://hook.example:{port}/", "127.0.0.1", seconds=5))


def test_the_circuit_opens_for_one_destination_alone():
    sent = []

    def failing(outgoing):
        sent.append(outgoing.url)
        if "bad" in outgoing.url:
            raise ExchangeFailed("bad.example:80 failed: down")
        return Answer(204, None, b"")

    hook = caller(resolve=lambda *_: [LOOPBACK], exchange=failing)
    outcomes = [hook.deliver("http://bad.example/", {}, b"").outcome for _ in range(8)]
    assert outcomes == [Outcome.RETRY] * 5 + [Outcome.PAUSED] * 3
    assert len(sent) == 5
    assert hook.deliver("http://good.example/", {}, b"").outcome is Outcome.DELIVERED


def test_server_errors_open_the_circuit_and_client_errors_do_not():
    for status, last in ((503, Outcome.PAUSED), (404, Outcome.RETRY)):
        hook = caller(
            resolve=lambda *_: [LOOPBACK], exchange=lambda _, status=status: Answer(status, None, b"")
        )
        assert [hook.deliver("http://x.example/", {}, b"").outcome for _ in range(7)][-1] is last


def test_breakers_are_bounded():
    breakers = Breakers()
    first = breakers.of("first")
    for number in range(MOST):
        breakers.of(str(number))
    assert breakers.of("first") is not first
    assert len(breakers._breakers) <= MOST


def test_names_that_do_not_resolve_are_retried():
    result = deliver("http://no-such-host.invalid/")
    assert result.outcome is Outcome.RETRY
    assert "was not resolved" in result.reason


def test_a_stuck_resolver_is_left(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(resolving, "SECONDS", 0.2)
    monkeypatch.setattr(resolving, "_resolve", lambda host, port: release.wait(5) and [])
    try:
        with pytest.raises(NotResolved, match="was not resolved in"):
            resolve("slow.example", 80)
    finally:
        release.set()


def test_overlong_labels_are_a_sentence():
    with pytest.raises(NotResolved):
        resolve("a" * 300 + ".example", 80)
