"""make checkov: what nobody accepted, what nobody needs to accept any more, a scan that saw too little."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[3] / "scripts" / "scan_manifests.py"
spec = importlib.util.spec_from_file_location("scan_manifests", FILE)
assert spec
assert spec.loader
scan = importlib.util.module_from_spec(spec)
sys.modules["scan_manifests"] = scan
spec.loader.exec_module(scan)

FOUND = scan.Finding("prod", "CKV_K8S_8", "Liveness Probe", "Pod/api-test")
ALLOWED = scan.Acceptance("CKV_K8S_8", "It ends.", "Pod/*-test", ("prod",))


def report(**changes: Any) -> dict[str, Any]:
    one = {"file_path": "/m/prod.yaml", "check_id": "CKV_K8S_8", "check_name": "Liveness Probe"}
    return {
        "summary": {"parsing_errors": 0, "resource_count": 3, **changes},
        "results": {"failed_checks": [{**one, "resource": "Pod.my-app-prod.api-test"}]},
    }


def test_what_is_accepted_is_well() -> None:
    assert scan.read_report(report(), 3) == [FOUND]
    assert scan.judge([FOUND], [ALLOWED]) == []


@pytest.mark.parametrize(
    "other",
    [{"check": "CKV_K8S_9"}, {"environment": "dev"}, {"kind_and_name": "Deployment/api"}],
)
def test_an_acceptance_covers_its_check_objects_and_environments_alone(other: dict[str, str]) -> None:
    (wrong,) = scan.judge([FOUND, replace(FOUND, **other)], [ALLOWED])
    assert next(iter(other.values())) in wrong


def test_an_acceptance_that_nothing_needs_is_told() -> None:
    assert "CKV_K8S_8 (Pod/*-test) accepts nothing any more" in scan.judge([], [ALLOWED])[0]


@pytest.mark.parametrize("changes", [{"parsing_errors": 1}, {"resource_count": 2}, {"resource_count": 0}])
def test_a_scan_that_saw_something_else_is_no_scan(changes: dict[str, int]) -> None:
    with pytest.raises(scan.Unscanned, match="of 3 objects"):
        scan.read_report(report(**changes), 3)


def test_a_report_without_a_summary_is_no_scan() -> None:
    with pytest.raises(scan.Unscanned):
        scan.read_report({"passed": 0}, 3)


@pytest.mark.parametrize("text", ["reason: ' '", "reason: x, environments: [test]"])
def test_an_acceptance_wants_a_reason_and_an_environment(text: str) -> None:
    with pytest.raises(ValueError, match="wants a reason"):
        scan.read_acceptances(f"accept: [{{check: CKV_1, {text}}}]")


def test_ours_are_whole() -> None:
    accepted = scan.read_acceptances(scan.ACCEPTED.read_text())
    assert all(len(one.reason) > 20 for one in accepted)


def test_the_objects_are_counted_as_checkov_counts_them(tmp_path: Path) -> None:
    count = scan.render(tmp_path)
    texts = [(tmp_path / f"{name}.yaml").read_text() for name in scan.ENVIRONMENTS]
    lines = [line for text in texts for line in text.splitlines()]
    assert count == sum(line.startswith("kind:") for line in lines) + lines.count("kind: Deployment")
