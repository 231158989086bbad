"""Findings as SARIF 2.1.0, which code hosts show beside the lines of a change."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flaskship.model.location import Location
from flaskship.policy.checks import RULES
from flaskship.policy.finding import Finding, Severity
from flaskship.policy.rule import Rule, page_of

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
OWN = {
    "acceptance-unused": "An entry of policy.accept accepts nothing.",
    "acceptance-unknown": "An entry of policy.accept names no rule.",
    "untested": "An environment has what another one never exercises.",
}


def sarif(findings: Sequence[Finding], root: Path, version: str) -> dict[str, Any]:
    """One run with every rule and every finding; accepted ones are suppressed with their reason."""
    rules = [
        *map(_rule, RULES),
        *({"id": code, "shortDescription": {"text": text}} for code, text in OWN.items()),
    ]
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "flaskship", "version": version, "rules": rules}},
                "originalUriBaseIds": {"PROJECT": {"description": {"text": "the folder of flaskship.yaml"}}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, index, root) for one in findings],
            }
        ],
    }


def failed(message: str, location: Location | None, root: Path, version: str) -> dict[str, Any]:
    """One run that could judge nothing, with the reason: what reads reports gets one all the same."""
    report = sarif((), root, version)
    notification: dict[str, Any] = {"level": "error", "message": {"text": message}}
    if location is not None:
        notification["locations"] = [{"physicalLocation": _physical(location, root)}]
    report["runs"][0]["invocations"] = [
        {"executionSuccessful": False, "toolExecutionNotifications": [notification]}
    ]
    return report


def _rule(rule: Rule) -> dict[str, Any]:
    page = page_of(rule)
    return {
        "id": rule.CODE,
        "shortDescription": {"text": (rule.__doc__ or "").strip()},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": LEVELS[rule.SEVERITY]},
    }


def _result(one: Finding, index: dict[str, int], root: Path) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "level": LEVELS[one.severity],
        "message": {"text": f"{one.environment}: {one.object}: {one.message}"},
        "locations": [_location(one, root)],
        # The line moves with every edit above it; the same finding is told by what it is about.
        "partialFingerprints": {"finding/v1": _fingerprint(one)},
    }
    if one.rule in index:
        result["ruleIndex"] = index[one.rule]
    if one.accepted is not None:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": one.accepted}]
    return result


def _location(one: Finding, root: Path) -> dict[str, Any]:
    name = f"{one.environment}/{one.object}"
    logical = [{"name": one.object, "fullyQualifiedName": f"{name}#{one.field}", "kind": "resource"}]
    return {"physicalLocation": _physical(one.values, root), "logicalLocations": logical}


def _physical(values: Location | None, root: Path) -> dict[str, Any]:
    # What --set brought stands in no file; the project's file stands for it, since every result needs one.
    file = Path(values.file) if values and values.line else root / "flaskship.yaml"
    if not file.is_absolute() or file.is_relative_to(root):
        artifact = {"uri": Path(os.path.relpath(root / file, root)).as_posix(), "uriBaseId": "PROJECT"}
    else:
        artifact = {"uri": file.as_uri()}
    return {
        "artifactLocation": artifact,
        "region": {"startLine": values.line if values and values.line else 1},
    }


def _fingerprint(one: Finding) -> str:
    text = "\0".join((one.rule, one.environment, one.object, one.field, one.message))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
