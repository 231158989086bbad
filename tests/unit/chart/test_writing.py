"""Writing digests into values files as their owner would."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from flaskship.chart.writing import ImageKeys, replace_file, with_images
from flaskship.model.errors import ConfigurationError

CHART = Path(__file__).parents[3] / "infra/helmchart"
FILE = Path("values-prod.yaml")
DIGEST = "sha256:" + "a" * 64
API = "my-tomorrows-api"


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = before.splitlines(), after.splitlines()
    return [one for one in old if one not in new], [one for one in new if one not in old]


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_only_the_lines_of_the_images_change(name: str) -> None:
    before = (CHART / f"values-{name}.yaml").read_text()
    after = with_images(before, {API: ImageKeys(DIGEST, "r.example.com/app", "1.1")}, FILE)
    gone, new = changed_lines(before, after)
    assert gone == []
    assert [line.strip() for line in new][-3:] == [
        "repository: r.example.com/app",
        'tag: "1.1"',
        f"digest: {DIGEST}",
    ]


def test_a_second_promotion_replaces_the_digest_and_nothing_else() -> None:
    first = with_images((CHART / "values-prod.yaml").read_text(), {API: ImageKeys(DIGEST)}, FILE)
    other = DIGEST.replace("a", "b")
    second = with_images(first, {API: ImageKeys(other)}, FILE)
    assert changed_lines(first, second) == ([f"      digest: {DIGEST}"], [f"      digest: {other}"])


def test_the_placeholder_goes_with_its_rule_and_other_acceptances_stay_with_their_comments() -> None:
    before = (CHART / "values-prod.yaml").read_text()
    after = with_images(before, {}, FILE, without_rule="image-digest")
    gone, new = changed_lines(before, after)
    assert new == []
    assert next(line.strip() for line in gone) == "- rule: image-digest"
    assert "# What staging never exercises" in after
    rules = [one["rule"] for one in YAML(typ="safe").load(after)["policy"]["accept"]]
    assert rules == [one["rule"] for one in YAML(typ="safe").load(before)["policy"]["accept"]][1:]


def test_a_policy_that_accepts_nothing_any_more_goes_too() -> None:
    text = "policy:\n  accept:\n    - rule: image-digest\n      reason: later\napplications: {}\n"
    assert "policy" not in YAML(typ="safe").load(with_images(text, {}, FILE, without_rule="image-digest"))


def test_the_list_form_of_applications_is_written_too() -> None:
    text = "applications:\n- name: api # the door\n  enabled: true\n- name: worker\n"
    after = with_images(text, {"api": ImageKeys(DIGEST), "new": ImageKeys(DIGEST)}, FILE)
    given = YAML(typ="safe").load(after)["applications"]
    assert given[0] == {"name": "api", "enabled": True, "image": {"digest": DIGEST}}
    assert given[2] == {"name": "new", "image": {"digest": DIGEST}}
    assert after.startswith("applications:\n- name: api # the door\n")


@pytest.mark.parametrize(
    "text",
    [
        "# all\napplications:\n  api: # the door\n    enabled: true # yes\n\n  # the rest\n  worker:\n",
        "applications: {api: {enabled: true}} # flow\n",
        "environment: 'prod'\ndefaults:\n  tags: [a, b]\n  text: |\n    many\n    lines\n",
        "applications:\n  api:\n    env: {A: \"1\", B: '2'}\n    long: " + "x" * 200 + " y" * 100 + "\n",
    ],
)
def test_comments_quotes_and_long_lines_survive(text: str) -> None:
    after = with_images(text, {"api": ImageKeys(DIGEST)}, FILE)
    gone, _ = changed_lines(text, after)
    assert all("{api: {" in line or line.strip() in ("worker:",) for line in gone)
    for comment in (part for line in text.splitlines() for part in [line.partition("# ")[2]] if part):
        assert comment in after
    assert YAML(typ="safe").load(after)["applications"]["api"]["image"]["digest"] == DIGEST


def test_a_comment_about_what_follows_stays_above_it() -> None:
    text = "applications:\n  api:\n    enabled: true # yes\n\n  # the rest\n  worker:\n    enabled: true\n"
    after = with_images(text, {"api": ImageKeys(DIGEST)}, FILE)
    assert after == text.replace(
        "    enabled: true # yes", f"    image:\n      digest: {DIGEST}\n    enabled: true # yes"
    )
    deep = "applications:\n  api:\n    enabled: true\n    env:\n      A: b\n  # the rest\n  worker:\n"
    assert "      A: b\n  # the rest\n  worker:" in with_images(deep, {"api": ImageKeys(DIGEST)}, FILE)


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "just text"])
def test_what_is_no_map_is_refused_with_its_file(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        with_images(text, {"api": ImageKeys(DIGEST)}, FILE)
    assert "values-prod.yaml" in str(refused.value)


def test_a_file_is_replaced_at_once_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("old\r\n")
    file.chmod(0o640)
    replace_file(file, "new\r\n")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new\r\n", 0o640)
    assert [one.name for one in tmp_path.iterdir()] == ["values.yaml"]
