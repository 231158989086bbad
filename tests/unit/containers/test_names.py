"""Names of images."""

import pytest

from flaskship.containers.names import is_loopback, qualified, verified_repository, verified_tag
from flaskship.model.errors import ConfigurationError


@pytest.mark.parametrize(
    ("repository", "whole"),
    [
        ("cloudandparth/my-demo-app", "docker.io/cloudandparth/my-demo-app"),
        ("nginx", "docker.io/library/nginx"),
        ("registry.example.com/a/b", "registry.example.com/a/b"),
        ("localhost/a", "localhost/a"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000/a"),
    ],
)
def test_a_repository_without_a_registry_is_docker_hubs(repository: str, whole: str) -> None:
    assert verified_repository(repository) == repository
    assert qualified(repository) == whole


@pytest.mark.parametrize(
    "text", ["https://r.example.com/a", "r.example.com/a:1.0", "Upper/Case", "", "a b", "-x", "../x"]
)
def test_what_is_no_repository_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        verified_repository(text)


def test_credentials_in_a_repository_are_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as refused:
        verified_repository("ada:hunter2@r.example.com/a")
    assert "hunter2" not in str(refused.value)
    assert "docker login" in str(refused.value)


@pytest.mark.parametrize("tag", ["", "-x", "a b", "x" * 129, "a/b"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ConfigurationError):
        verified_tag(tag)


@pytest.mark.parametrize(
    ("repository", "here"),
    [
        ("localhost:5000/a", True),
        ("127.0.0.9/a", True),
        ("[::1]:5000/a", True),
        ("127.evil.example.com/a", False),
        ("localhost.example.com/a", False),
        ("team/a", False),
    ],
)
def test_loopback_is_this_machine_alone(repository: str, here: bool) -> None:
    assert is_loopback(repository) == here
