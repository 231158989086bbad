"""One documented rule, and the places that rules name."""

from dataclasses import dataclass

K = "https://kubernetes.io/docs"
PROBES = f"{K}/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
LIFE = f"{K}/concepts/workloads/pods/pod-lifecycle/"
DEPLOYMENT = f"{K}/concepts/workloads/controllers/deployment/"
JOB = f"{K}/concepts/workloads/controllers/job/"
INIT = f"{K}/concepts/workloads/pods/init-containers/"
SIDE = f"{K}/concepts/workloads/pods/sidecar-containers/"
HOOKS = f"{K}/concepts/containers/container-lifecycle-hooks/"
HPA = f"{K}/tasks/run-application/horizontal-pod-autoscale/"
PDB = f"{K}/tasks/run-application/configure-pdb/"
DOWNWARD = f"{K}/concepts/workloads/pods/downward-api/"
CONFIG = f"{K}/concepts/configuration/configmap/"
SECRET = f"{K}/concepts/configuration/secret/"
CLAIM = f"{K}/concepts/storage/persistent-volumes/"
PRIORITY = f"{K}/concepts/scheduling-eviction/pod-priority-preemption/"

LOCAL = "src/flaskship/engines/local"
UNIT, MOVES = "tests/unit/engines/local", "tests/integration/meaning/test_moves.py"
CONTAINERS = "tests/integration/meaning/test_containers.py"
PROBING, HPA_TESTS = f"{UNIT}/test_probing.py", "tests/unit/rollout/test_autoscaling.py"
ROLLING, METRICS = "tests/unit/rollout/test_rolling_update.py", "tests/unit/rollout/test_metrics.py"
JOBS, BACK_OFF = f"{UNIT}/test_jobs.py", f"{UNIT}/test_backoff.py"
ENVIRONMENT, VOLUMES = f"{UNIT}/resolve/test_environment.py", f"{UNIT}/resolve/test_volumes.py"


@dataclass(frozen=True)
class Rule:
    """One documented rule; `breaking` is a file, a text that stands in it once, and what takes its place."""

    topic: str
    meaning: str
    link: str
    test: str
    breaking: tuple[str, str, str]
    differs: str = ""
