from pathlib import Path
from typing import Any

import pytest

from flaskship.chart.schema import check, dotted
from flaskship.chart.yamlfile import KeyPath
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "replicas": {"description": "How many.", "type": "integer", "minimum": 0, "maximum": 9},
        "tag": {"type": "string", "maxLength": 5, "pattern": "^[a-z0-9.]+$"},
        "kind": {"enum": ["one", "two", None]},
        "mode": {"enum": ["Off", "INITIAL"]},
        "scaling": {"type": "object", "additionalProperties": False, "properties": {"minReplicas": {}}},
        "env": {"type": "object", "propertyNames": {"pattern": "^[A-Z]+$"}},
        "nested": {"$ref": "#/$defs/nested"},
        "memory": {"type": ["string", "integer"], "pattern": "^[0-9]+(\\.[0-9]+)?(m|Ki|Mi|Gi)?$"},
        "devices": {"description": "Whole.", "type": ["string", "integer"], "pattern": "^[0-9]+$"},
        "amounts": {
            "additionalProperties": False,
            "properties": {"cpu": {}},
            "patternProperties": {"/": {"description": "Devices, such as nvidia.com/gpu."}},
        },
        "defaults": {"$ref": "#/$defs/application"},
        "applications": {"additionalProperties": {"$ref": "#/$defs/application"}},
    },
    "$defs": {
        "nested": {"type": "object", "required": ["x"], "properties": {"deep": {"type": "object"}}},
        "application": {
            "additionalProperties": False,
            "properties": {
                "enabled": {},
                "image": {"additionalProperties": False, "properties": {"digest": {}}},
                "probe": {"additionalProperties": False, "properties": {"path": {}, "port": {}}},
                "service": {"additionalProperties": False, "properties": {"port": {}}},
            },
        },
    },
}


def violation(instance: object, lines: dict[KeyPath, int] | None = None) -> ConfigurationError:
    def locate(path: KeyPath) -> Location | None:
        line = (lines or {}).get(path)
        return Location(Path("v.yaml"), line) if line else None

    with pytest.raises(ConfigurationError) as caught:
        check(instance, SCHEMA, locate)
    return caught.value


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ({"replcas": 1}, "replcas: unknown key; did you mean replicas?"),
        ({"minReplicas": 1}, "minReplicas: unknown key here; it belongs under scaling"),
        ({"replicas": "two"}, "replicas: 'two' is text, not a whole number"),
        ({"replicas": 12}, "replicas: 12 is above 9"),
        ({"replicas": -1}, "replicas: -1 is below 0"),
        ({"tag": 1.1}, "tag: 1.1 is a number, not text"),
        ({"tag": True}, "tag: true is a truth value, not text"),
        ({"tag": "A"}, "tag: 'A' does not look like ^[a-z0-9.]+$"),
        ({"tag": "abcdefgh"}, "tag: longer than 5 characters: 'abcdefgh'"),
        ({"memory": "512mb"}, "memory: '512mb' is no amount; did you mean 512Mi?"),
        ({"memory": "1.5 GB"}, "memory: '1.5 GB' is no amount; did you mean 1.5Gi?"),
        ({"memory": "2gi"}, "memory: '2gi' is no amount; did you mean 2Gi?"),
        ({"memory": "1T"}, "memory: '1T' does not look like ^[0-9]+(\\.[0-9]+)?(m|Ki|Mi|Gi)?$"),
        ({"memory": "lots"}, "memory: 'lots' does not look like ^[0-9]+(\\.[0-9]+)?(m|Ki|Mi|Gi)?$"),
        ({"shop": {"enabled": True}}, "shop: unknown key here; an application belongs under applications"),
        (
            {"applications": {"a": {"image": {"enabled": True}}}},
            "applications.a.image.enabled: unknown key here; it belongs under applications.a",
        ),
        (
            {"applications": {"a": {"image": {"path": 1}}}},
            "applications.a.image.path: unknown key here; it belongs under applications.a.probe",
        ),
        ({"scaling": {"digest": 1}}, "scaling.digest: unknown key here; it belongs under defaults.image"),
        (
            {"applications": {"a": {"image": {"port": 1}}}},
            "applications.a.image.port: unknown key; the nearest is digest",
        ),
        (
            {"defaults": {"applications": {}}},
            "defaults.applications: unknown key here; it belongs at the top of the file",
        ),
        ({"mode": "initial"}, "mode: 'initial' is not one of Off, INITIAL; did you mean INITIAL?"),
        ({"mode": False}, "mode: false is not one of Off, INITIAL"),
        ({"kind": "too"}, "kind: 'too' is not one of one, two; did you mean two?"),
        ({"nested": {}}, "nested.x: is required and missing"),
        ({"env": {"a-b": 1}}, "env.a-b: 'a-b' does not look like ^[A-Z]+$"),
        ({"scaling": []}, "scaling: [] is a list, not a map"),
        ([], "the file: [] is a list, not a map"),
        (None, "the file: nothing is empty, not a map"),
    ],
)
def test_a_violation_is_one_sentence(instance: object, message: str) -> None:
    assert violation(instance).message == message


def test_a_key_that_resembles_nothing_lists_what_is_known() -> None:
    error = violation({"scaling": {"zzz": 1}})
    assert error.message == "scaling.zzz: unknown key; the nearest is minReplicas"
    assert error.hint == "known here: minReplicas"


def test_letters_of_a_key_that_nobody_sees_are_named() -> None:
    message = violation({"repl\u0456cas": 1}).message
    assert "unknown key with U+0456 CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I in it" in message
    assert message.endswith("did you mean replicas?")


def test_numbers_for_text_get_the_advice_to_quote() -> None:
    assert violation({"tag": 1.1}).hint == "write it in quotes, in a values file"


def test_quotes_are_advised_where_they_help() -> None:
    assert violation({"memory": 0.5}).hint == "write it in quotes, in a values file"
    assert violation({"devices": 0.5}).hint == "Whole."


def test_what_a_form_of_names_takes_is_told_beside_the_known_ones() -> None:
    hint = violation({"amounts": {"hugepages": 1}}).hint
    assert hint == "known here: cpu - Devices, such as nvidia.com/gpu."


def test_the_description_is_the_hint() -> None:
    assert violation({"replicas": "x"}).hint == "How many."


def test_the_first_line_of_the_file_goes_first_and_the_rest_is_counted() -> None:
    error = violation({"tag": 5, "replicas": "x"}, {("tag",): 9, ("replicas",): 4})
    assert error.message.startswith("replicas: ")
    assert error.message.endswith("(1 more after this one)")
    assert str(error.location) == "v.yaml:4"


def test_an_endless_value_is_shortened() -> None:
    assert len(violation({"kind": "x" * 10_000}).message) < 200


def test_what_fits_raises_nothing() -> None:
    check({"replicas": 1, "kind": None}, SCHEMA, lambda _: None)


def test_paths_are_written_as_set_reads_them() -> None:
    assert dotted(("a", "b.c", 0, "d")) == "a.b\\.c[0].d"


NUMBER = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}, "s": {"enum": ["a"]}}}


@pytest.mark.parametrize(
    "text", ["12345678901234567890123", "12345678901234567", "-98765432109876543210", "1.25e30"]
)
@pytest.mark.parametrize("key", ["n", "s"])
def test_a_long_number_is_told_as_it_was_written(tmp_path: Path, text: str, key: str) -> None:
    if key == "n" and text.startswith("-"):
        text = text[1:]
    file = tmp_path / "values.yaml"
    file.write_text(f"x: 1\n{key}: {text}  # as it is\n")
    with pytest.raises(ConfigurationError) as caught:
        check({key: float(text)}, NUMBER, lambda path: Location(file, 2))
    assert f"{key}: {text} is " in caught.value.message


def test_a_value_of_a_secrets_name_is_not_told(tmp_path: Path) -> None:
    rules = {"type": "object", "properties": {"DB_PASSWORD": {"type": "boolean"}, "u": {"type": "boolean"}}}
    for given in ({"DB_PASSWORD": "hunter2"}, {"DB_PASSWORD": 471147}, {"u": "x://me:hunter2@b"}):
        with pytest.raises(ConfigurationError) as caught:
            check(given, rules, lambda path: None)
        assert "hunter2" not in caught.value.message
        assert "471147" not in caught.value.message
