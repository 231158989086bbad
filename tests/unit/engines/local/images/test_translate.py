from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.images import translate
from flaskship.engines.local.images.masking import mask
from flaskship.engines.local.images.pipsettings import PipSettings
from flaskship.engines.local.images.translate import pip_environment, translate_settings


def settings(**values: str | tuple[str, ...]) -> PipSettings:
    return PipSettings(
        {
            name.replace("_", "-"): (value,) if isinstance(value, str) else value
            for name, value in values.items()
        }
    )


def test_nothing_is_ever_downloaded_to_run_python() -> None:
    assert translate_settings(settings(), {}).environment["UV_PYTHON_DOWNLOADS"] == "never"


def test_indexes_travel_in_variables_with_pips_strategy() -> None:
    found = translate_settings(
        settings(index_url="https://u:p@h/simple", extra_index_url=("https://a", "https://b")), {}
    )
    assert found.environment["UV_DEFAULT_INDEX"] == "https://u:p@h/simple"
    assert found.environment["UV_INDEX"] == "https://a https://b"
    assert found.environment["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert "u:p" not in " ".join(found.options)


def test_no_index_leaves_only_the_folders_that_exist(tmp_path: Path) -> None:
    links = (str(tmp_path), "/nowhere/at/all", "https://h/links")
    found = translate_settings(settings(no_index="true", index_url="https://x", find_links=links), {})
    assert "--no-index" in found.options
    assert "UV_DEFAULT_INDEX" not in found.environment
    assert found.environment["UV_FIND_LINKS"] == f"{tmp_path},https://h/links"


def test_trust_follows_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translate, "SYSTEM_STORES", (str(tmp_path),))
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    other = tmp_path / "other.pem"
    other.touch()
    surroundings = {"REQUESTS_CA_BUNDLE": str(other)}
    assert translate_settings(settings(cert=str(bundle)), {}).environment["SSL_CERT_FILE"] == str(bundle)
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        nearer = translate_settings(settings(cert=str(bundle)), {name: str(other)}).environment
        assert nearer["SSL_CERT_FILE"] == str(other), name
    assert translate_settings(settings(), surroundings).environment["SSL_CERT_FILE"] == str(other)
    assert translate_settings(settings(cert=str(tmp_path)), {}).environment["SSL_CERT_DIR"] == str(tmp_path)
    assert translate_settings(settings(), {}).environment["UV_SYSTEM_CERTS"] == "true"
    assert "UV_SYSTEM_CERTS" not in translate_settings(settings(), {"SSL_CERT_FILE": "/x"}).environment
    monkeypatch.setattr(translate, "SYSTEM_STORES", (str(tmp_path / "nowhere"),))
    assert "UV_SYSTEM_CERTS" not in translate_settings(settings(), {}).environment
    hosts = translate_settings(settings(trusted_host=("a", "b:1"), client_cert="/c"), {}).environment
    assert (hosts["UV_INSECURE_HOST"], hosts["SSL_CLIENT_CERT"]) == ("a b:1", "/c")


def test_the_rest_of_what_has_a_word() -> None:
    found = translate_settings(
        settings(
            proxy="http://u:p@x:1",
            timeout="0.5",
            retries="3",
            pre="yes",
            only_binary=":all:",
            no_binary="a,b",
        ),
        {},
    )
    assert found.environment["HTTPS_PROXY"] == "http://u:p@x:1"
    assert (found.environment["UV_HTTP_TIMEOUT"], found.environment["UV_HTTP_RETRIES"]) == ("1", "3")
    assert found.environment["UV_PRERELEASE"] == "allow"
    assert set(found.options) == {"--only-binary=:all:", "--no-binary=a", "--no-binary=b"}
    assert found.impossible == ()


def test_a_timeout_that_is_no_number_is_left_to_the_default() -> None:
    assert "UV_HTTP_TIMEOUT" not in translate_settings(settings(timeout="long"), {}).environment


def test_what_the_user_set_for_uv_wins() -> None:
    found = translate_settings(settings(index_url="https://pip"), {"UV_DEFAULT_INDEX": "https://mine"})
    assert "UV_DEFAULT_INDEX" not in found.environment


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"config_settings": "a=b"}, ("config-settings",)),
        ({"keyring_provider": "subprocess"}, ("keyring-provider",)),
        ({"keyring_provider": "auto"}, ()),
        ({"use_feature": "truststore"}, ()),
        ({"use_feature": "something-new"}, ("use-feature",)),
        ({"find_links": "/a,b"}, ("find-links with a comma",)),
        ({"cache_dir": "/c", "disable_pip_version_check": "1", "no_input": "1"}, ()),
    ],
)
def test_what_uv_has_no_word_for_is_named(values: dict[str, str], named: tuple[str, ...]) -> None:
    assert translate_settings(settings(**values), {}).impossible == named


def test_pip_itself_gets_everything_in_variables() -> None:
    environment = pip_environment(settings(index_url="https://u:p@h", find_links=("/a", "/b")))
    assert environment["PIP_INDEX_URL"] == "https://u:p@h"
    assert environment["PIP_FIND_LINKS"] == "/a /b"
    assert environment["PIP_CONFIG_FILE"] == "/dev/null"


def test_pip_is_not_sent_to_another_place() -> None:
    environment = pip_environment(settings(user="yes", target="/t", require_virtualenv="1"))
    assert environment["PIP_USER"] == "0"
    assert not {"PIP_TARGET", "PIP_REQUIRE_VIRTUALENV"} & environment.keys()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("get https://u:p@h/simple now", "get https://***@h/simple now"),
        ("https://token@h", "https://***@h"),
        ("git+ssh://git@github.com/x and http://a:b@c", "git+ssh://***@github.com/x and http://***@c"),
        ("https://h/@scope/x", "https://h/@scope/x"),
        ("mail a@b", "mail a@b"),
    ],
)
def test_credentials_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(
    st.text(alphabet=st.characters(exclude_characters="/@ \t\n\r", exclude_categories=("Z", "C")), min_size=4)
)
def test_no_password_survives(password: str) -> None:
    assert f":{password}@" not in mask(f"error at https://user:{password}@host/simple/: no")


def test_a_configuration_of_a_folder_around_the_project_is_left_out(tmp_path: Path) -> None:
    bare = {"HOME": str(tmp_path)}
    assert translate_settings(settings(), bare).environment["UV_NO_CONFIG"] == "1"


def test_the_users_own_configuration_of_uv_counts(tmp_path: Path) -> None:
    file = tmp_path / ".config/uv/uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text("offline = true\n")
    found = translate_settings(settings(), {"HOME": str(tmp_path)}).environment
    assert found["UV_CONFIG_FILE"] == str(file)
    assert "UV_NO_CONFIG" not in found
    named = translate_settings(
        settings(), {"HOME": str(tmp_path), "UV_CONFIG_FILE": "/mine.toml"}
    ).environment
    assert not named.keys() & {"UV_CONFIG_FILE", "UV_NO_CONFIG"}
