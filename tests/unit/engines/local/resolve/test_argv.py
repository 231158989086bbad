"""Commands: references, addresses to listen on, and paths."""

import pytest

from flaskship.engines.local.spec import ContainerPort


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["-b", "0.0.0.0:5000"], ["-b", "127.9.0.2:5000"]),
        (["-b", ":5000"], ["-b", "127.9.0.2:5000"]),
        (["-b", "[::]:5000"], ["-b", "127.9.0.2:5000"]),
        (["-b0.0.0.0:5000"], ["-b127.9.0.2:5000"]),
        (["--bind", "*:5000"], ["--bind", "127.9.0.2:5000"]),
        (["--bind=0.0.0.0:5000"], ["--bind=127.9.0.2:5000"]),
        (["--bind", "0.0.0.0"], ["--bind", "127.9.0.2"]),
        ([":5000"], ["127.9.0.2:5000"]),
        (["--host", "0.0.0.0"], ["--host", "127.9.0.2"]),
        (["--host=::"], ["--host=127.9.0.2"]),
        (["-b", "0.0.0.0:$(PORT)"], ["-b", "127.9.0.2:5000"]),
        (
            ["sh", "-c", "exec gunicorn -b 0.0.0.0:5000 app"],
            ["sh", "-c", "exec gunicorn -b 127.9.0.2:5000 app"],
        ),
        (["sh", "-c", "gunicorn -b 0.0.0.0:${PORT}"], ["sh", "-c", "gunicorn -b 127.9.0.2:${PORT}"]),
    ],
)
def test_an_address_to_listen_on_becomes_the_replicas_and_is_reported(run_argv, argv, expected):
    found = run_argv(*argv, env=(("PORT", "5000"),))
    assert list(found.argv) == expected
    assert [finding.code for finding in found.findings] == ["Rewritten"]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["-b", "0.0.0.0:5000"], ["-b", "127.9.0.2:41000"]),
        (["--port=5000"], ["--port=41000"]),
        (["--port", "5000"], ["--port", "41000"]),
        (["-p", "5000"], ["-p", "41000"]),
    ],
)
def test_a_port_follows_the_replica(run_argv, context, argv, expected):
    assert list(run_argv(*argv, around=context(port_map={5000: 41000})).argv) == expected


@pytest.mark.parametrize(
    "argv",
    [
        ["gunicorn", "app:app"],
        ["-b", "0.0.0.0:6000"],
        [":6000"],
        ["--workers", "5000"],
        ["127.0.0.1:5000"],
        ["--host", "example.com"],
        ["10.0.0.0:5000"],
        ["1.0.0.0.0:5000"],
        ["x:5000"],
        ["--port=abc"],
        ["--port"],
        ["²"],
        [""],
    ],
)
def test_left_alone(run_argv, argv):
    found = run_argv(*argv)
    assert list(found.argv) == argv
    assert found.findings == ()


def test_a_bare_port_that_is_another_one_here_is_a_strict_finding(run_argv, context):
    found = run_argv("http.server", "5000", around=context(port_map={5000: 41000}))
    assert found.argv == ("http.server", "5000")
    assert [(finding.strict, finding.field) for finding in found.findings] == [(True, "argv[1]")]


def test_references_and_paths_and_services(run_argv):
    found = run_argv(
        "/app/start", "$(WHO)", "$$(WHO)", "$(NOPE)", "--db=/data/x", "http://api/x", env=(("WHO", "me"),)
    )
    assert found.argv == (
        "/p/image/app/start",
        "me",
        "$(WHO)",
        "$(NOPE)",
        "--db=/p/.flaskship/data/x",
        "http://127.9.0.1:8080/x",
    )


def test_no_declared_port_no_rewriting(run_argv):
    assert run_argv("-b", "0.0.0.0:5000", ports=()).argv == ("-b", "0.0.0.0:5000")


def test_several_ports(run_argv, context):
    ports = (ContainerPort(1, "a"), ContainerPort(2, "b"))
    found = run_argv(":1", ":2", ports=ports, around=context(port_map={2: 22}))
    assert found.argv == ("127.9.0.2:1", "127.9.0.2:22")


def test_a_secret_in_a_command_is_not_shown(run_argv):
    assert "731946" not in repr(run_argv("--pin=$(PIN)", env=(("PIN", "731946"),)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("--bind=0.0.0.0:5000 -w 1", "--bind=127.9.0.2:5000 -w 1"),
        ("0.0.0.0:5000", "127.9.0.2:5000"),
        ("0.0.0.0", "127.9.0.2"),
    ],
)
def test_variables_name_addresses_too(resolve, value, expected):
    assert resolve(("GUNICORN_CMD_ARGS", value)).env["GUNICORN_CMD_ARGS"] == expected


@pytest.mark.parametrize("value", ["*", "0.0.0.0/0", "10.0.0.0:5000", "5000", "a:b", "0.0.0.0:6000"])
def test_variables_that_name_no_address_to_listen_on(resolve, value):
    found = resolve(("ALLOWED", value))
    assert found.env["ALLOWED"] == value
    assert found.findings == ()
