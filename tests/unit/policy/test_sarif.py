"""SARIF: the structure that the standard asks for, no machine's paths, suppressions with reasons."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from flaskship.model.location import Location
from flaskship.policy.checks import RULES
from flaskship.policy.finding import Finding, Severity
from flaskship.policy.sarif import sarif

ROOT = Path("/home/ada/project")
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RESULT = {
    "type": "object",
    "required": ["ruleId", "level", "message", "locations"],
    "additionalProperties": False,
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": TEXT,
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "suppressions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": {"enum": ["inSource", "external"]},
                    "status": {"enum": ["accepted", "underReview", "rejected"]},
                    "justification": {"type": "string"},
                },
                "additionalProperties": False,
            },
        },
        "locations": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["physicalLocation"],
                "properties": {
                    "physicalLocation": {
                        "type": "object",
                        "required": ["artifactLocation", "region"],
                        "properties": {
                            "artifactLocation": {"type": "object", "required": ["uri"]},
                            "region": {
                                "type": "object",
                                "properties": {"startLine": {"type": "integer", "minimum": 1}},
                                "required": ["startLine"],
                            },
                        },
                    },
                    "logicalLocations": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
    },
}
SCHEMA = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": RESULT},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription"],
                                            "properties": {
                                                "help": TEXT,
                                                "shortDescription": TEXT,
                                                "defaultConfiguration": {
                                                    "type": "object",
                                                    "properties": {"level": LEVEL},
                                                },
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                },
            },
        },
    },
}


def finding(**given: object) -> Finding:
    base = Finding(
        "image-tag",
        Severity.ERROR,
        "prod",
        "Deployment/shop",
        "shop",
        "has no tag",
        "spec.image",
        Location(ROOT / "infra/values.yaml", 12),
    )
    from dataclasses import replace

    return replace(base, **given)


def results(*findings: Finding) -> list[dict]:
    document = sarif(findings, ROOT, "1.2.3")
    Draft202012Validator(SCHEMA).validate(document)
    return document["runs"][0]["results"]


def test_a_result_points_at_the_line_relative_to_the_project() -> None:
    [one] = results(finding())
    place = one["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "infra/values.yaml", "uriBaseId": "PROJECT"}
    assert place["region"] == {"startLine": 12}
    assert (one["ruleId"], one["level"]) == ("image-tag", "error")
    assert RULES[one["ruleIndex"]].CODE == "image-tag"


@pytest.mark.parametrize(
    ("values", "uri"),
    [
        (None, "flaskship.yaml"),
        (Location("--set image.tag=x"), "flaskship.yaml"),
        (Location("/etc/more.yaml", 3), "file:///etc/more.yaml"),
        (Location("more.yaml", 3), "more.yaml"),
    ],
)
def test_every_result_has_a_file_even_where_set_brought_it(values: Location | None, uri: str) -> None:
    [one] = results(finding(values=values))
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_what_is_accepted_is_suppressed_with_its_reason() -> None:
    [one] = results(finding(accepted="known here"))
    assert one["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "known here"}]
    assert "suppressions" not in results(finding())[0]


def test_severities_are_levels_and_own_findings_are_rules() -> None:
    levels = [one["level"] for one in results(*(finding(severity=severity) for severity in Severity))]
    assert levels == ["error", "warning", "note"]
    for code in ("acceptance-unused", "acceptance-unknown", "untested"):
        [one] = results(finding(rule=code))
        rules = sarif([], ROOT, "1")["runs"][0]["tool"]["driver"]["rules"]
        assert rules[one["ruleIndex"]]["id"] == code


def test_a_fingerprint_outlives_a_moved_line_and_tells_two_findings_apart() -> None:
    first, moved, other = results(
        finding(), finding(values=Location(ROOT / "infra/values.yaml", 99)), finding(field="spec.other")
    )
    assert first["partialFingerprints"] == moved["partialFingerprints"]
    assert first["partialFingerprints"] != other["partialFingerprints"]


def test_no_finding_is_a_run_without_results() -> None:
    assert results() == []
