"""What is applied to a real cluster to see how it fails, and the near misses that must come out well."""

from dataclasses import dataclass, field
from typing import Any

from tests.recordings.documents import (
    BLUE_GREEN,
    BOOM,
    HUNGRY,
    INIT,
    ONCE,
    ONCE_MOUNT,
    ONCE_VOLUME,
    SERVER,
    UNREADY_ONCE,
    Document,
    container,
    env,
    job,
    namespaced,
    probe,
    python,
    rollout,
    secured,
    service,
    stateful,
    workload,
)


@dataclass(frozen=True)
class Scenario:
    """One change to a running workload, and what it must come to: a cause's code, or success."""

    name: str
    new: tuple[Document, ...]
    code: str | None = None
    old: tuple[Document, ...] = ()
    before: tuple[Document, ...] = ()
    """Applied before the change, beside what runs: quotas, limits."""
    namespace: dict[str, str] = field(default_factory=dict)
    """Labels of the namespace."""
    kill_old: bool = False
    """End the main process of an old pod in mid-rollout."""
    signal: tuple[str, int] | None = None
    """Words of an event, and the how manieth of it: a cluster has none of its own for what is past saving."""
    seconds: float = 120.0


def _fails() -> tuple[Scenario, ...]:
    old = (workload(),)
    crashing = container(command=python(BOOM))

    def one(name: str, code: str, *new: Document, **more: Any) -> Scenario:
        return Scenario(name, new, code, **({"old": old} | more))

    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}
    return (
        one("crash_loop", "PythonError", workload(crashing)),
        one("crash_loop_at_install", "PythonError", workload(crashing), old=()),
        one("module_missing", "PythonImportError", workload(container(command=["python", "-m", "nonesuch"]))),
        one("exit_at_once", "ExitNonZero", workload(container(command=["/bin/false"]))),
        one("ended_with_zero", "ProcessEnded", workload(container(command=["/bin/true"]))),
        one("command_missing", "CommandNotFound", workload(container(command=["/nope"]))),
        one("not_executable", "NotExecutable", workload(container(command=["/etc/passwd"]))),
        one(
            "out_of_memory",
            "OutOfMemory",
            workload(container(command=python(HUNGRY), resources={"limits": {"memory": "48Mi"}})),
        ),
        one(
            "image_unknown",
            "ImagePullFailed",
            workload(container(image="registry.invalid/nope:1", imagePullPolicy="Always")),
        ),
        one("image_name_invalid", "ImagePullFailed", workload(container(image="Not:::AnImage"))),
        one(
            "image_never_loaded",
            "ImagePullFailed",
            workload(container(image="cloudandparth/absent:1", imagePullPolicy="Never")),
        ),
        one(
            "secret_missing",
            "SecretMissing",
            workload(container(envFrom=[{"secretRef": {"name": "database-secret"}}])),
        ),
        one(
            "config_map_missing",
            "ConfigMapMissing",
            workload(container(envFrom=[{"configMapRef": {"name": "flags"}}])),
        ),
        one(
            "key_missing",
            "KeyMissing",
            workload(env(configMapKeyRef={"name": "settings", "key": "colour"})),
            before=(settings,),
        ),
        one(
            "config_map_volume_missing",
            "ConfigMapMissing",
            workload(
                container(volumeMounts=[{"name": "flags", "mountPath": "/flags"}]),
                pod={"volumes": [{"name": "flags", "configMap": {"name": "flags"}}]},
                deadline=60,
            ),
        ),
        one(
            "volume_refused",
            "VolumeMountFailed",
            workload(
                container(volumeMounts=[{"name": "disk", "mountPath": "/disk"}]),
                pod={"volumes": [{"name": "disk", "hostPath": {"path": "/no/such", "type": "Directory"}}]},
                deadline=60,
            ),
        ),
        one(
            "init_container_failed",
            "InitContainerFailed",
            workload(pod={"initContainers": [INIT]}),
        ),
        one(
            "migration_failed",
            "MigrationFailed",
            workload(pod={"initContainers": [INIT | {"name": "migrate", "command": python(BOOM)}]}),
        ),
        one(
            "startup_probe",
            "StartupFailed",
            workload(container(startupProbe=probe("/never"))),
        ),
        one(
            "liveness_probe",
            "LivenessFailed",
            workload(container(livenessProbe=probe("/never"), readinessProbe=probe("/never"))),
        ),
        one(
            "readiness_probe",
            "ReadinessFailed",
            workload(container(readinessProbe=probe("/never")), deadline=8),
        ),
        one(
            "readiness_not_found",
            "ReadinessFailed",
            workload(container(readinessProbe=probe("/nowhere"))),
            signal=("Readiness probe failed: HTTP probe failed with statuscode: 404", 3),
        ),
        one(
            "readiness_past_threshold",
            "ReadinessFailed",
            workload(
                container(startupProbe=probe("/always", failureThreshold=40), readinessProbe=probe("/never"))
            ),
            signal=("Readiness probe failed: HTTP probe failed with statuscode: 503", 3),
        ),
        one(
            "readiness_lost",
            "ReadinessFailed",
            workload(container(command=python(SERVER, "-3")), minReadySeconds=30, deadline=60),
        ),
        one(
            "liveness_lost",
            "LivenessFailed",
            workload(
                container(
                    command=python(SERVER, "-3"),
                    livenessProbe=probe("/health"),
                    readinessProbe=probe("/always"),
                ),
                minReadySeconds=30,
                deadline=60,
            ),
        ),
        one(
            "liveness_not_found",
            "LivenessFailed",
            workload(
                container(
                    startupProbe=probe("/always", failureThreshold=40),
                    livenessProbe=probe("/nowhere", periodSeconds=2),
                ),
                minReadySeconds=20,
                deadline=60,
            ),
            signal=("Liveness probe failed: HTTP probe failed with statuscode: 404", 1),
        ),
        one(
            "deadline",
            "ProgressDeadlineExceeded",
            workload(container(readinessProbe=probe("/ready", initialDelaySeconds=300)), deadline=5),
        ),
        one(
            "unschedulable",
            "Unschedulable",
            workload(container(resources={"requests": {"cpu": "64"}})),
        ),
        one(
            "quota",
            "QuotaExceeded",
            workload(replicas=3),
            before=(namespaced("ResourceQuota", "pods", {"hard": {"pods": "1"}}),),
        ),
        one(
            "quota_of_memory",
            "QuotaExceeded",
            workload(container(resources={"limits": {"memory": "300Mi", "cpu": "1"}})),
            before=(namespaced("ResourceQuota", "memory", {"hard": {"limits.memory": "200Mi"}}),),
        ),
        one(
            "quota_unsaid",
            "QuotaExceeded",
            workload(container(env=[{"name": "COLOUR", "value": "red"}])),
            before=(namespaced("ResourceQuota", "cpu", {"hard": {"limits.cpu": "4"}}),),
        ),
        one(
            "limit_range",
            "AdmissionDenied",
            workload(container(resources={"limits": {"memory": "2Gi"}, "requests": {"memory": "10Mi"}})),
            before=(
                namespaced(
                    "LimitRange", "small", {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}
                ),
            ),
        ),
        one(
            "pod_security",
            "PodSecurityViolated",
            workload(container(env=[{"name": "COLOUR", "value": "red"}])),
            old=(secured(workload()),),
            namespace={"pod-security.kubernetes.io/enforce": "restricted"},
        ),
        one(
            "pod_security_of_another",
            "PodSecurityViolated",
            secured(
                workload(),
                {"initContainers": [INIT | {"securityContext": {"allowPrivilegeEscalation": False}}]},
            ),
            old=(secured(workload()),),
            namespace={"pod-security.kubernetes.io/enforce": "restricted"},
        ),
        one(
            "pod_security_of_a_volume",
            "PodSecurityViolated",
            secured(workload(), {"volumes": [{"name": "disk", "hostPath": {"path": "/tmp"}}]}),
            old=(secured(workload()),),
            namespace={"pod-security.kubernetes.io/enforce": "restricted"},
        ),
        one(
            "service_account_missing",
            "PodCreationFailed",
            workload(pod={"serviceAccountName": "nobody"}),
        ),
        one("stateful_set_crashes", "PythonError", stateful(crashing), old=(stateful(),)),
        one("job_failed", "JobFailed", job(BOOM), old=()),
        one("job_ran_out_of_retries", "JobFailed", job(BOOM, retries=1), old=()),
        one("canary_crashes", "PythonError", rollout(crashing, replicas=2), old=(rollout(replicas=2),)),
        one(
            "canary_degraded",
            "ReadinessFailed",
            rollout(container(readinessProbe=probe("/never")), replicas=2, deadline=8),
            old=(rollout(replicas=2),),
        ),
        one(
            "rollout_invalid",
            "RolloutDegraded",
            rollout(strategy={"canary": {"steps": [{"setWeight": 500}]}}),
            old=(rollout(),),
        ),
    )


def _near_misses() -> tuple[Scenario, ...]:
    old = (workload(),)
    changed = container(env=[{"name": "COLOUR", "value": "red"}])
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    crash_once = container(command=python(ONCE + SERVER, "0"), **ONCE_MOUNT)
    services = (service("active"), service("preview"))
    return (
        Scenario("update", (workload(changed),), old=old),
        Scenario("install", (workload(),)),
        Scenario("scaled_up", (workload(replicas=3),), old=old),
        Scenario("slow_start", (workload(container(command=python(SERVER, "4"))),), old=old),
        Scenario(
            "slow_start_with_probe",
            (
                workload(
                    container(
                        command=python(SERVER, "3"), startupProbe=probe("/startup", failureThreshold=40)
                    )
                ),
            ),
            old=old,
        ),
        Scenario(
            "ready_below_its_threshold",
            (
                workload(
                    container(
                        command=python(SERVER, "5"),
                        startupProbe=probe("/always", failureThreshold=40),
                        readinessProbe=probe("/ready", failureThreshold=9),
                    )
                ),
            ),
            old=old,
        ),
        Scenario(
            "counts_each_run_anew",
            (
                workload(
                    container(
                        command=python(UNREADY_ONCE + SERVER, "4"),
                        startupProbe=probe("/always", failureThreshold=40),
                        readinessProbe=probe("/ready", failureThreshold=6),
                        **ONCE_MOUNT,
                    ),
                    pod=ONCE_VOLUME,
                ),
            ),
            old=old,
        ),
        Scenario("crashes_once", (workload(crash_once, pod=ONCE_VOLUME),), old=old),
        Scenario(
            "killed_by_liveness_once",
            (
                workload(
                    container(
                        command=python(
                            "import os, sys\n"
                            "late = '0' if os.path.exists('/once/seen') else '60'\n"
                            "open('/once/seen', 'w').close(); sys.argv.append(late)\n" + SERVER
                        ),
                        # A busy node needs seconds to start Python: the second run is to have them.
                        livenessProbe=probe("/health", failureThreshold=8),
                        **ONCE_MOUNT,
                    ),
                    pod=ONCE_VOLUME,
                    deadline=60,
                ),
            ),
            old=old,
        ),
        Scenario(
            "quota_for_a_moment",
            (workload(changed, strategy=surge, deadline=120),),
            old=(workload(strategy=surge),),
            before=(namespaced("ResourceQuota", "pods", {"hard": {"pods": "1"}}),),
            # A controller asks again after ever longer pauses: 20 seconds and more are nothing special.
            seconds=120,
        ),
        Scenario(
            "old_pod_crashes",
            (workload(container(command=python(SERVER, "6"))),),
            old=(workload(replicas=1),),
            kill_old=True,
        ),
        Scenario("stateful_set", (stateful(changed),), old=(stateful(),)),
        Scenario("job", (job("print('seeded')"),)),
        Scenario("job_retries", (job(ONCE, retries=3, restart="OnFailure", **ONCE_VOLUME),)),
        Scenario("canary", (rollout(changed, replicas=2),), old=(rollout(replicas=2),)),
        Scenario(
            "blue_green",
            (rollout(changed, BLUE_GREEN),),
            old=(*services, rollout(strategy=BLUE_GREEN)),
        ),
    )


FAILS = _fails()
NEAR_MISSES = _near_misses()
SCENARIOS: dict[str, Scenario] = {one.name: one for one in (*FAILS, *NEAR_MISSES)}
