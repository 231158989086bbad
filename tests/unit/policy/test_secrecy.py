"""What looks like a secret, and what only seems to; the value itself is never part of the answer."""

import pytest

from flaskship.policy.secrecy import entropy, looks_secret


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DB_PASSWORD", "hunter22"),
        ("api-key", "abcd"),
        ("smtp.passwd", "x1y2"),
        ("SMTP_PASS", "x1y2"),
        ("MY_PWD", "x1y2"),
        ("ANY", "https://hooks.slack.com/services/T00000000/B00000000/abcdefabcdef"),
        ("dbPassword", "x1y2"),
        ("ANY", "AKIAIOSFODNN7EXAMPLE"),
        ("ANY", "ghp_" + "a1B2" * 9),
        ("ANY", "-----BEGIN EC PRIVATE KEY-----\nMHc"),
        ("ANY", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP"),
        ("URL", "postgresql://shop:hunter22@db:5432/shop"),
        ("SEED", "q8Zr1kVx0TnB7yLw5UcJ3mHd9GsF2pXe"),
        ("SEED", "9f86d081884c7d659a2feaa0c55ad015"),
    ],
)
def test_a_secret_is_seen_and_not_repeated(name: str, text: str) -> None:
    why = looks_secret(name, text)
    assert why
    assert text not in why


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "$(FROM_ELSEWHERE)"),
        ("PASSWORD_FILE", "/run/secrets/password"),
        ("TOKEN_URL", "https://login.example.com/token"),
        ("SECRET_NAME", "database-secret"),
        ("AUTHOR", "ada"),
        ("PRIVATE_NETWORKS", "10.0.0.0/8"),
        ("TOKENS_PER_MINUTE", "5000"),
        ("PASSWORD_MIN_LENGTH", "12 letters"),
        ("passwordFile", "hunter22"),
        ("KEYBOARD", "qwertz"),
        ("REQUIRE_TOKEN", "true"),
        ("URL", "postgresql://db:5432/shop"),
        ("URL", "postgresql://$(USER):$(PASSWORD)@db/shop"),
        ("IMAGE_DIGEST", "9f86d081884c7d659a2feaa0c55ad015"),
        ("TEXT", "please-do-not-restart-before-noon"),
        ("LIST", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("MODULE", "tomorrows.application.factory"),
    ],
)
def test_a_near_miss_is_none(name: str, text: str) -> None:
    assert looks_secret(name, text) is None


def test_entropy_is_bits_for_each_character() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("ab") == 1
    assert entropy("abcd") == 2
