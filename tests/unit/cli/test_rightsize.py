"""flaskship rightsize: the screen of one who asks for more than is used, and nothing where nothing runs."""

from tests.unit.cli.conftest import Terminal


def test_what_is_used_beside_what_is_asked_for(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    printed = terminal("rightsize", "dev", "--seconds", "5")
    assert printed.code == 0
    assert "looking at dev on local for 5 s" in printed.err
    assert "applications.my-tomorrows-api.resources.requests.cpu=20m" in printed.out
    assert "applications.my-tomorrows-api.resources.requests.memory=112Mi" in printed.out
    assert "look at a busy hour before you change anything" in printed.out


def test_the_same_as_fields(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    document = terminal("rightsize", "dev", "-o", "json").document
    assert (document["environment"], document["engine"], document["seconds"]) == ("dev", "local", 30.0)
    first = document["requests"][0]
    assert (first["resource"], first["used"], first["fits"]["value"]) == ("cpu", 8, "20m")


def test_what_does_not_run_cannot_be_measured(terminal: Terminal) -> None:
    printed = terminal("rightsize", "dev")
    assert printed.code == 4
    assert "start it: flaskship up dev" in printed.err
