"""flaskship check, as a person and as a script see it."""

import json

from tests.contract.world import Stage
from tests.unit.cli.conftest import Terminal

from flaskship.model.location import Location
from flaskship.policy.checks import memory_limit, run_as_non_root
from flaskship.tasks.world import Setting

RULE = "memory-limit"


def accept(*entries: dict[str, str]) -> tuple[Setting, ...]:
    place = Location("infra/helmchart/values-dev.yaml", 40)
    return (Setting("values-dev.yaml", "policy.accept", place, list(entries)),)


def test_findings_stand_by_application_and_end_with_exit_3(terminal: Terminal, stage: Stage) -> None:
    stage.rules = (memory_limit, run_as_non_root)
    printed = terminal("check", "dev")
    assert printed.code == 3
    lines = printed.out.splitlines()
    assert lines[0] == "dev  4 findings, 0 accepted"
    assert any(line.startswith("    error  memory-limit  Deployment/") for line in lines)
    assert printed.err.startswith("error: memory-limit: Deployment/my-tomorrows-api")
    assert "(and 3 more)" in printed.err


def test_json_has_the_fields_of_the_contract_also_on_exit_3(terminal: Terminal, stage: Stage) -> None:
    stage.rules = (memory_limit,)
    printed = terminal("check", "dev", "-o", "json")
    assert printed.code == 3
    assert printed.document["error"]["code"] == "PolicyFindings"
    first = printed.document["findings"][0]
    assert {"rule", "severity", "object", "application", "message", "values", "accepted"} <= set(first)
    assert (first["rule"], first["severity"], first["accepted"]) == (RULE, "error", None)


def test_an_accepted_finding_passes_and_shows_its_reason(terminal: Terminal, stage: Stage) -> None:
    stage.rules = (memory_limit,)
    stage.origins = accept({"rule": RULE, "reason": "it is watched from outside"})
    printed = terminal("check", "dev")
    assert printed.code == 0
    assert "dev  no findings, 2 accepted" in printed.out
    assert f"accepted  {RULE}  Deployment/my-tomorrows-api and 1 more: it is watched" in printed.out
    assert printed.err == ""


def test_an_acceptance_without_a_reason_is_refused_with_its_line(terminal: Terminal, stage: Stage) -> None:
    for entry in ({"rule": RULE}, {"rule": RULE, "reason": "  "}, {"reason": "because"}):
        stage.origins = accept(entry)
        printed = terminal("check", "dev")
        assert printed.code == 2
        assert "infra/helmchart/values-dev.yaml:40" in printed.err
        assert "is required and missing" in printed.err


def test_sarif_is_the_one_document_on_standard_output(terminal: Terminal, stage: Stage) -> None:
    stage.rules = (memory_limit,)
    printed = terminal("check", "dev", "-o", "sarif")
    assert printed.code == 3
    document = json.loads(printed.out)
    assert document["version"] == "2.1.0"
    assert [one["ruleId"] for one in document["runs"][0]["results"]] == [RULE, RULE]


def test_sarif_is_for_check_alone(terminal: Terminal) -> None:
    assert terminal("status", "dev", "-o", "sarif").code == 2


def test_an_environment_is_not_compared_with_itself(terminal: Terminal) -> None:
    printed = terminal("check", "dev", "--untested-against", "dev")
    assert printed.code == 2
    assert "dev cannot be compared with itself" in printed.err


def test_without_a_name_every_environment_is_checked(terminal: Terminal) -> None:
    printed = terminal("check", "-o", "json")
    assert printed.code == 0
    assert printed.document["environments"] == ["dev", "staging"]
