"""What the scan of the Terraform files takes for right, for wrong and for not read."""

import importlib.util
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parents[3] / "scripts" / "scan_terraform.py"
spec = importlib.util.spec_from_file_location("scan_terraform", FILE)
assert spec is not None
assert spec.loader is not None
scan = importlib.util.module_from_spec(spec)
sys.modules["scan_terraform"] = scan
spec.loader.exec_module(scan)

FOUND = {
    "file_path": "/a.tf",
    "file_line_range": [3, 9],
    "check_id": "CKV_AWS_1",
    "check_name": "closed",
    "resource": "aws_x.y",
}


def report(count: int, *failed: dict, errors: int = 0) -> dict:
    summary = {"parsing_errors": errors, "resource_count": count}
    return {"summary": summary, "results": {"failed_checks": list(failed)}}


def test_a_finding_is_told_with_its_line() -> None:
    assert scan.judge(report(5, FOUND), 5) == ["/a.tf:3: CKV_AWS_1 at aws_x.y: closed"]
    assert scan.judge(report(5), 5) == []


def test_what_was_not_read_is_no_success() -> None:
    assert scan.judge(report(4), 5) is None
    assert scan.judge(report(5, errors=1), 5) is None
    assert scan.judge({}, 1) is None


def test_an_acceptance_wants_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.tf").write_text(
        'resource "a" "b" {\n'
        "  # checkov:skip=CKV_AWS_1:It is closed elsewhere.\n"
        "  # checkov:skip=CKV_AWS_2\n"
        "}\n"
    )
    assert scan.without_reason(tmp_path) == ["a.tf: CKV_AWS_2 is accepted without a reason"]
    assert scan.resources(tmp_path) == 1


def test_every_acceptance_of_ours_has_one() -> None:
    assert scan.without_reason(scan.CODE) == []
    assert scan.resources(scan.CODE) > 80
