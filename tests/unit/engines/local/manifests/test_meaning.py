"""Every honoured field has a test of its Kubernetes meaning, named here; a new one without fails this."""

import re
from pathlib import Path

from flaskship.engines.local.manifests import fields_table

ROOT = Path(__file__).parents[5]
UNIT, MEANING = "tests/unit/engines/local", "tests/integration/meaning"
CONTRACT, ROLLOUT = "tests/contract", "tests/unit/rollout"
PARSE = f"{UNIT}/manifests"
POD = r"spec(\.template\.spec)?"
CONTAINERS = rf"{POD}\.(containers|initContainers)\[\]"

TESTS: tuple[tuple[str, str, str], ...] = (
    # kinds, field, "file::test" of the meaning; the first that matches counts
    (r".*", r"apiVersion|kind", f"{PARSE}/test_release.py::test_a_kind_without_effect_says_why"),
    (r".*", r"metadata(\..*)?", f"{PARSE}/test_workloads.py::"),
    (r".*", r"spec(\.template(\.spec)?)?", f"{PARSE}/test_table.py::"),
    (r".*", r"spec\.selector(\..*)?", f"{PARSE}/test_workloads.py::"),
    ("Rollout", r"spec\.workloadRef(\..*)?", f"{PARSE}/test_workloads.py::"),
    (r".*", r"spec\.replicas", f"{CONTRACT}/test_rollouts.py::test_more_replicas_keep_those_that_run"),
    (r".*", r"spec\.minReadySeconds", f"{MEANING}/test_moves.py::test_a_ready_replica_is_available_after"),
    (r".*", r"spec\.revisionHistoryLimit", f"{UNIT}/test_state.py::"),
    ("Deployment", r"spec\.strategy(\.type)?", f"{MEANING}/test_moves.py::test_recreate_ends_every_old"),
    (".*", r"spec\.strategy\..*", f"{ROLLOUT}/test_rolling_update.py::"),
    (r".*", r"spec\.progressDeadlineSeconds", f"{ROLLOUT}/test_progress.py::"),
    (r".*", r"spec\.paused", f"{ROLLOUT}/test_rolling_update.py::"),
    (
        r".*",
        r"spec\.template\.metadata(\..*)?",
        f"{CONTRACT}/test_rollouts.py::test_a_change_outside_the_template_restarts_nothing",
    ),
    (
        r".*",
        rf"{CONTAINERS}\.(startup|readiness|liveness)Probe(\..*)?",
        f"{UNIT}/test_probing.py::",
    ),
    (
        r".*",
        rf"{CONTAINERS}\.lifecycle(\.preStop.*)?",
        f"{MEANING}/test_containers.py::test_a_pre_stop_hook_is_over_before_the_signal",
    ),
    (
        r".*",
        rf"{CONTAINERS}\.lifecycle\.postStart.*",
        f"{MEANING}/test_containers.py::test_nothing_is_ready_before_the_post_start_hook_is_over",
    ),
    (
        r".*",
        rf"{CONTAINERS}\.restartPolicy",
        f"{MEANING}/test_containers.py::test_init_containers_run_in_order_and_a_sidecar_gates_the_next",
    ),
    (r".*", rf"{CONTAINERS}\.resources.*", f"{UNIT}/processes/test_limits.py::"),
    (r".*", rf"{CONTAINERS}\.(env|envFrom)(\..*|\[\].*)?", f"{UNIT}/resolve/test_environment.py::"),
    (r".*", rf"{CONTAINERS}\.(command|args)", f"{UNIT}/resolve/test_argv.py::"),
    (r".*", rf"{CONTAINERS}\.volumeMounts.*", f"{UNIT}/resolve/test_volumes.py::"),
    (r".*", rf"{CONTAINERS}\.ports.*", f"{UNIT}/supervisor/test_port_guard.py::"),
    (r".*", rf"{CONTAINERS}\.(name|image)", f"{PARSE}/test_containers.py::"),
    (
        r".*",
        rf"{POD}\.(containers|initContainers)",
        f"{MEANING}/test_containers.py::test_init_containers_run_in_order_and_a_sidecar_gates_the_next",
    ),
    (
        r".*",
        rf"{POD}\.volumes.*",
        f"{MEANING}/test_containers.py::test_configuration_arrives_as_files_and_variables",
    ),
    (r".*", rf"{POD}\.restartPolicy", f"{MEANING}/test_moves.py::test_a_job_runs_its_completions"),
    (
        r".*",
        rf"{POD}\.terminationGracePeriodSeconds",
        f"{MEANING}/test_containers.py::test_who_ignores_the_signal_is_killed_after_the_grace",
    ),
    (r".*", rf"{POD}\.enableServiceLinks", f"{UNIT}/resolve/test_environment.py::"),
    ("Job", r"spec\.backoffLimit", f"{MEANING}/test_moves.py::test_a_job_without_retries_fails_at_once"),
    ("Job", r"spec\.activeDeadlineSeconds", f"{MEANING}/test_moves.py::test_a_job_is_ended_at_its_deadline"),
    ("Job", r"spec\.(completions|parallelism)", f"{MEANING}/test_moves.py::test_a_job_runs_its_completions"),
    ("Service", r"spec\..*", f"{UNIT}/supervisor/test_services.py::"),
    ("Ingress", r"spec\..*", f"{MEANING}/test_moves.py::test_an_ingress_routes_by_host_and_path"),
    ("HorizontalPodAutoscaler", r"spec\.behavior.*", f"{ROLLOUT}/test_autoscaling.py::test_policies_of_the_"),
    ("HorizontalPodAutoscaler", r"spec\.metrics.*", f"{ROLLOUT}/test_metrics.py::test_the_ratio_of_use"),
    (
        "HorizontalPodAutoscaler",
        r"spec\..*",
        f"{MEANING}/test_moves.py::test_an_autoscaler_moves_the_count",
    ),
    (
        "PodDisruptionBudget",
        r"spec\..*",
        f"{MEANING}/test_moves.py::test_a_restart_keeps_the_disruption_budget",
    ),
    (
        "ConfigMap|Secret",
        r"(data|binaryData|stringData|type).*",
        f"{PARSE}/test_configuration.py::",
    ),
    ("ExternalSecret", r"spec\..*", f"{PARSE}/test_configuration.py::"),
    (".*", r"spec\.volumeClaimTemplates.*", f"{PARSE}/test_volumes.py::"),
    ("PersistentVolumeClaim", r"spec\..*", f"{PARSE}/test_volumes.py::"),
)


def test_every_honoured_field_names_a_test_of_its_meaning() -> None:
    bare = [
        f"{row.kind} {row.field}"
        for row in fields_table()
        if row.behaviour == "honoured" and row.field and _test_of(row.kind, row.field) is None
    ]
    assert bare == []


def test_the_named_tests_exist() -> None:
    for _, _, name in TESTS:
        file, _, test = name.partition("::")
        assert f"def {test or 'test_'}" in (ROOT / file).read_text(encoding="utf-8"), name


def test_no_entry_is_left_over() -> None:
    used = {_test_of(row.kind, row.field) for row in fields_table() if row.field}
    assert [name for _, _, name in TESTS if name not in used] == []


def _test_of(kind: str, field: str) -> str | None:
    found = (test for kinds, path, test in TESTS if re.fullmatch(kinds, kind) and re.fullmatch(path, field))
    return next(found, None)
