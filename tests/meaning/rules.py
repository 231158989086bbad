"""What Kubernetes documents, rule by rule: the test that holds it, and a change that this test has to see.

`python -m tests.meaning page` writes docs/reference/kubernetes-meaning.md from it; `python -m tests.meaning break`
makes each change in a copy of the sources and runs the tests, which have to fail.
"""

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


RULES = (
    Rule(
        "Probes",
        "Defaults: initialDelaySeconds 0, periodSeconds 10, timeoutSeconds 1, successThreshold 1, failureThreshold 3.",
        f"{PROBES}#configure-probes",
        f"{UNIT}/manifests/test_probes.py::test_defaults",
        (
            f"{LOCAL}/manifests/probes.py",
            'found.get("failureThreshold") or 3',
            'found.get("failureThreshold") or 2',
        ),
    ),
    Rule(
        "Probes",
        "After failureThreshold failures in a row the check has failed; one success in between starts the count anew.",
        f"{PROBES}#configure-probes",
        f"{PROBING}::test_a_success_between_failures_starts_the_count_anew",
        (
            f"{LOCAL}/probing.py",
            "successes=state.successes + 1, failures=0)",
            "successes=state.successes + 1)",
        ),
    ),
    Rule(
        "Probes",
        "Readiness is lost at the threshold and is back after successThreshold successes.",
        f"{PROBES}#configure-probes",
        f"{PROBING}::test_readiness_is_lost_at_the_threshold_and_regained_at_the_next_success",
        (
            f"{LOCAL}/probing.py",
            "state.failures >= probe.failure_threshold",
            "state.failures > probe.failure_threshold",
        ),
    ),
    Rule(
        "Probes",
        "successThreshold counts consecutive successes.",
        f"{PROBES}#configure-probes",
        f"{PROBING}::test_successes_have_to_be_consecutive",
        (f"{LOCAL}/probing.py", "replace(state, successes=0, failures", "replace(state, failures"),
    ),
    Rule(
        "Probes",
        "A probe runs every periodSeconds, the first time initialDelaySeconds after the container's start.",
        f"{PROBES}#configure-probes",
        f"{PROBING}::test_initial_delay_moves_the_instants",
        (f"{LOCAL}/probing.py", "max(now, started_at + probe.initial_delay)", "max(now, started_at)"),
        "Until its first success a startup or readiness probe is tried every 100 ms as well (a server that answers, "
        "if not well, after 20, 40 and 80 ms first): "
        "such a success counts at once, such a failure never",
    ),
    Rule(
        "Probes",
        "No answer within timeoutSeconds is a failure.",
        f"{PROBES}#configure-probes",
        f"{UNIT}/test_prober.py::test_a_hanging_server_costs_the_timeout_and_no_more",
        (f"{LOCAL}/prober.py", "async with asyncio.timeout(", "async with asyncio.timeout(5 + "),
    ),
    Rule(
        "Probes",
        "An HTTP status from 200 to 399 is a success, any other one a failure.",
        f"{PROBES}#define-a-liveness-http-request",
        f"{UNIT}/test_prober.py::test_answers_of_200_to_399_are_successes",
        (f"{LOCAL}/prober.py", "< 400", "< 500"),
    ),
    Rule(
        "Probes",
        "While a startup probe has not passed, neither liveness nor readiness is probed.",
        f"{LIFE}#types-of-probe",
        f"{PROBING}::test_a_gated_probe_begins_with_the_startup_success",
        (
            f"{LOCAL}/probing.py",
            "instant = max(now, started_at + probe",
            "instant = min(now, started_at + probe",
        ),
    ),
    Rule(
        "Probes",
        "A startup probe that has failed for good restarts the container, as does a liveness probe; readiness never does.",
        f"{LIFE}#types-of-probe",
        f"{PROBING}::test_a_frozen_process_fails_by_its_timeouts",
        (
            f"{LOCAL}/probing.py",
            'state.kind == "liveness" and not state.passed',
            'state.kind == "liveness" and state.passed',
        ),
    ),
    Rule(
        "Restarts",
        "A container that ends is started again after 10 s, 20 s, 40 s ... and at most 300 s.",
        f"{LIFE}#restart-policy",
        f"{BACK_OFF}::test_later_restarts_double_up_to_five_minutes",
        (f"{LOCAL}/backoff.py", "min(delay * 2, MAXIMUM)", "min(delay * 2, 2 * MAXIMUM)"),
        "As with a kubelet the very first restart comes at once",
    ),
    Rule(
        "Restarts",
        "After 10 minutes without a problem the delay begins anew.",
        f"{LIFE}#restart-policy",
        f"{BACK_OFF}::test_more_than_ten_minutes_of_running_forgives_everything",
        (f"{LOCAL}/backoff.py", "FORGIVEN_AFTER = 2 * MAXIMUM", "FORGIVEN_AFTER = 3 * MAXIMUM"),
    ),
    Rule(
        "Rolling update",
        "maxSurge and maxUnavailable are 25 % where nothing is said.",
        f"{DEPLOYMENT}#rolling-update-deployment",
        f"{UNIT}/manifests/test_workloads.py::test_a_deployment_that_says_nothing_has_kubernetes_defaults",
        (f"{LOCAL}/spec.py", 'max_surge: int | str = "25%"', 'max_surge: int | str = "26%"'),
    ),
    Rule(
        "Rolling update",
        "A percentage of maxSurge is rounded up, one of maxUnavailable down; they cannot both be 0.",
        f"{DEPLOYMENT}#max-surge",
        f"{ROLLING}::test_surge_rounds_up_and_unavailable_down",
        (
            "src/flaskship/rollout/rolling_update.py",
            "share(view.max_unavailable, view.desired, up=False)",
            "share(view.max_unavailable, view.desired, up=True)",
        ),
    ),
    Rule(
        "Rolling update",
        "Never fewer available than desired - maxUnavailable, never more in all than desired + maxSurge.",
        f"{DEPLOYMENT}#rolling-update-deployment",
        f"{ROLLING}::test_bounds_hold_through_any_history_and_the_rollout_ends",
        (
            "src/flaskship/rollout/rolling_update.py",
            "floor=view.desired - unavailable)",
            "floor=view.desired - unavailable - 1)",
        ),
    ),
    Rule(
        "Rolling update",
        "Recreate ends every old replica before a new one begins.",
        f"{DEPLOYMENT}#recreate-deployment",
        "tests/unit/rollout/test_recreate.py::test_an_old_replica_that_still_terminates_holds_the_new_ones_back",
        ("src/flaskship/rollout/recreate.py", "if view.old", "if standing(view.old)"),
    ),
    Rule(
        "Rolling update",
        "A paused rollout replaces nothing.",
        f"{DEPLOYMENT}#pausing-and-resuming-a-deployment",
        f"{ROLLING}::test_paused_moves_nothing_but_scales_what_runs",
        ("src/flaskship/rollout/rolling_update.py", "if view.paused:", "if False:"),
    ),
    Rule(
        "Rolling update",
        "A rollout that has not come forward for progressDeadlineSeconds (600) has failed; a paused one has no deadline.",
        f"{DEPLOYMENT}#progress-deadline-seconds",
        "tests/unit/rollout/test_progress.py::test_the_deadline_passes_after_its_last_second",
        (
            "src/flaskship/rollout/progress.py",
            "now - progressed_at > deadline",
            "now - progressed_at > 2 * deadline",
        ),
    ),
    Rule(
        "Rolling update",
        "A replica is available once it has been ready for minReadySeconds without a break.",
        f"{DEPLOYMENT}#min-ready-seconds",
        f"{UNIT}/supervisor/test_workloads.py::test_a_replica_is_available_after_min_ready_seconds_without_a_break",
        (f"{LOCAL}/supervisor/workloads.py", "since + self.spec.min_ready - now", "since - now"),
    ),
    Rule(
        "Pod template",
        "Only a change of .spec.template begins a rollout.",
        f"{DEPLOYMENT}#updating-a-deployment",
        f"{UNIT}/manifests/test_hash.py::test_a_change_outside_of_the_template_changes_nothing",
        (f"{LOCAL}/manifests/pods.py", "if item is not None}", "}"),
    ),
    Rule(
        "Pod template",
        "Every change of the template does, annotations included; replicas carry the label pod-template-hash.",
        f"{DEPLOYMENT}#pod-template-hash-label",
        f"{UNIT}/manifests/test_hash.py::test_a_change_of_the_template_changes_it",
        (f"{LOCAL}/manifests/pods.py", "hash=template_hash(value))", 'hash=template_hash(value["spec"]))'),
    ),
    Rule(
        "The end of a replica",
        "The preStop hook (exec, httpGet, sleep) is over before SIGTERM is sent.",
        f"{HOOKS}#hook-handler-execution",
        f"{CONTAINERS}::test_a_pre_stop_hook_is_over_before_the_signal",
        (
            f"{LOCAL}/supervisor/replica.py",
            "await container.pre_stop(deadline - self._world.now())",
            "asyncio.create_task(container.pre_stop(deadline - self._world.now()))",
        ),
    ),
    Rule(
        "The end of a replica",
        "The hook's time is part of the grace; one that takes all of it leaves 2 s for the signal.",
        f"{LIFE}#pod-termination",
        f"{CONTAINERS}::test_a_pre_stop_hook_that_takes_too_long_leaves_a_moment_for_the_signal",
        (f"{LOCAL}/supervisor/hooks.py", "LEAST_GRACE = 2.0", "LEAST_GRACE = 0.0"),
    ),
    Rule(
        "The end of a replica",
        "What still runs after terminationGracePeriodSeconds (30) is killed.",
        f"{LIFE}#pod-termination",
        f"{CONTAINERS}::test_who_ignores_the_signal_is_killed_after_the_grace",
        (
            f"{LOCAL}/supervisor/replica.py",
            "if not ending.done():\n            await container.kill(KilledBy.ENGINE, signal.SIGKILL)\n        await container.kill_group()",
            "pass",
        ),
    ),
    Rule(
        "The end of a replica",
        "A container that fails its liveness probe has its preStop hook run before it is ended.",
        f"{HOOKS}#container-hooks",
        f"{CONTAINERS}::test_a_failed_liveness_probe_runs_the_pre_stop_hook_before_the_restart",
        (
            f"{LOCAL}/supervisor/container.py",
            "if self.spec.pre_stop is None or",
            "if not self.stopping or self.spec.pre_stop is None or",
        ),
    ),
    Rule(
        "Configuration",
        "env beats envFrom, and of the same name the last one counts.",
        f"{K}/tasks/configure-pod-container/configure-pod-configmap/",
        f"{ENVIRONMENT}::test_env_beats_env_from_beats_the_image_and_later_beats_earlier",
        (
            f"{LOCAL}/resolve/environment.py",
            "{**image, **links, **own, **local, **fixed}",
            "{**links, **own, **local, **image, **fixed}",
        ),
    ),
    Rule(
        "Configuration",
        "$(VAR) in a value names what is declared before it; $$ is a dollar sign, and what is unknown stays.",
        f"{K}/tasks/inject-data-application/define-interdependent-environment-variables/",
        f"{ENVIRONMENT}::test_references_see_what_stands_before_them",
        (f"{LOCAL}/resolve/environment.py", "return expand(text, visible)", "return expand(text, {})"),
    ),
    Rule(
        "Configuration",
        "A missing ConfigMap, Secret or key keeps the container from starting, unless the reference is optional.",
        f"{CONFIG}#configmaps-and-pods",
        f"{ENVIRONMENT}::test_what_is_missing_is_a_problem_with_its_field",
        (
            f"{LOCAL}/resolve/references.py",
            "return None if ref.optional else missing_key(held, ref.key, place)",
            "return None",
        ),
    ),
    Rule(
        "Configuration",
        "A volume of a ConfigMap or Secret has a file for each key, or the items that are named, with their modes.",
        f"{CONFIG}#using-configmaps-as-files-from-a-pod",
        f"{VOLUMES}::test_files",
        (f"{LOCAL}/resolve/volumes.py", "VolumeFile(item.path, content", "VolumeFile(item.key, content"),
        "A Secret's files are its owner's alone. The files of a running replica stay what its revision says; on a "
        "cluster a change of an object of the same name reaches them within a minute or so",
    ),
    Rule(
        "Configuration",
        "data of a Secret is base64, stringData is plain and wins.",
        f"{SECRET}#restriction-names-data",
        f"{UNIT}/manifests/test_configuration.py::test_a_secret_is_decoded_and_string_data_wins",
        (f"{LOCAL}/manifests/configuration.py", "base64.b64decode(", "bytes("),
    ),
    Rule(
        "Downward API",
        "fieldRef gives name, namespace, uid, labels, annotations, service account, node and addresses.",
        f"{DOWNWARD}#downwardapi-fieldRef",
        f"{ENVIRONMENT}::test_the_downward_api",
        (f"{LOCAL}/resolve/references.py", '"metadata.name": context.name', '"metadata.name": context.uid'),
    ),
    Rule(
        "Downward API",
        "resourceFieldRef is divided by its divisor and rounded up; without a limit it is what the node has.",
        f"{DOWNWARD}#downwardapi-resourceFieldRef",
        f"{ENVIRONMENT}::test_resources_are_divided_and_rounded_up",
        (f"{LOCAL}/resolve/references.py", "str(-(-amount // divisor))", "str(amount // divisor)"),
    ),
    Rule(
        "initContainers",
        "They run one after the other, each to its success, before the containers start.",
        f"{INIT}#understanding-init-containers",
        f"{CONTAINERS}::test_init_containers_run_in_order_and_a_sidecar_gates_the_next_by_its_startup_probe",
        (
            f"{LOCAL}/supervisor/replica.py",
            "for container in self.init.values():\n                running",
            "for container in reversed(self.init.values()):\n                running",
        ),
    ),
    Rule(
        "Sidecars",
        "One with restartPolicy Always gates the next by its startup probe and runs as long as the replica.",
        f"{SIDE}#sidecar-containers-and-pod-lifecycle",
        f"{CONTAINERS}::test_init_containers_run_in_order_and_a_sidecar_gates_the_next_by_its_startup_probe",
        (f"{LOCAL}/supervisor/replica.py", "await self._until_started(container)", "pass"),
    ),
    Rule(
        "Sidecars",
        "Its readiness counts for the replica's.",
        f"{SIDE}#sidecar-containers-and-pod-lifecycle",
        f"{CONTAINERS}::test_a_sidecar_that_is_not_ready_keeps_its_replica_from_being_ready",
        (
            f"{LOCAL}/supervisor/replica.py",
            "(*sidecars, *self.containers.values())",
            "(*self.containers.values(),)",
        ),
    ),
    Rule(
        "Sidecars",
        "It does not keep a Job from ending.",
        f"{SIDE}#jobs-with-sidecar-containers",
        f"{MOVES}::test_a_job_ends_although_its_sidecar_would_not",
        (
            f"{LOCAL}/supervisor/replica.py",
            "if not self.terminating and len(ends) == len(mains):\n                await self._end_init(self._world.now() + self.template.termination_grace)",
            "if not self.terminating and len(ends) == len(mains):\n                pass",
        ),
    ),
    Rule(
        "Claims",
        "A PersistentVolumeClaim outlives its replicas; every replica that names it has the same volume.",
        f"{CLAIM}#claims-as-volumes",
        f"{MOVES}::test_a_claim_is_one_folder_for_every_replica_and_outlives_them",
        (f"{LOCAL}/supervisor/planning.py", "shared / claim if claim else", "folder / claim if claim else"),
        "Its size and access modes are not enforced",
    ),
    Rule(
        "Jobs",
        "A failed replica is replaced after 10 s, 20 s, 40 s ... and at most six minutes.",
        f"{JOB}#pod-backoff-failure-policy",
        f"{JOBS}::test_retries_wait_ten_seconds_and_twice_as_long_each_time",
        (f"{LOCAL}/jobs.py", "FIRST_RETRY * 2.0 ** (failures - 1)", "FIRST_RETRY * failures"),
    ),
    Rule(
        "Jobs",
        "More failed replicas than backoffLimit (6) end it as failed.",
        f"{JOB}#pod-backoff-failure-policy",
        f"{JOBS}::test_one_failure_more_than_the_backoff_limit_is_its_end",
        (f"{LOCAL}/jobs.py", "if failed > job.backoff_limit:", "if failed > job.backoff_limit + 1:"),
    ),
    Rule(
        "Jobs",
        "With restartPolicy OnFailure the restarts in place are counted for themselves, up to the limit.",
        f"{JOB}#pod-backoff-failure-policy",
        f"{JOBS}::test_restarts_in_place_that_reach_the_limit_are_its_end",
        (f"{LOCAL}/jobs.py", "restarts >= job.backoff_limit", "restarts > job.backoff_limit"),
    ),
    Rule(
        "Jobs",
        "activeDeadlineSeconds ends everything that runs, however many retries are left.",
        f"{JOB}#job-termination-and-cleanup",
        f"{JOBS}::test_the_deadline_ends_what_runs",
        (f"{LOCAL}/jobs.py", "now >= deadline)", "now >= deadline + 60)"),
    ),
    Rule(
        "Jobs",
        "parallelism bounds how many run at once, completions how many have to succeed.",
        f"{JOB}#parallel-jobs",
        f"{JOBS}::test_parallel_replicas_fill_up_to_the_completions",
        (f"{LOCAL}/jobs.py", "min(job.parallelism, job.completions - record.succeeded)", "job.parallelism"),
    ),
    Rule(
        "Autoscaling",
        "desired = ceil(current * use / target), counted over the replicas that were measured.",
        f"{HPA}#algorithm-details",
        f"{METRICS}::test_the_ratio_of_use_to_target_times_the_pods",
        (
            "src/flaskship/rollout/metrics.py",
            "else math.ceil(ratio * len(measured)), reason)",
            "else math.floor(ratio * len(measured)), reason)",
        ),
    ),
    Rule(
        "Autoscaling",
        "Within the tolerance (10 %, or the direction's own) nothing changes.",
        f"{HPA}#tolerance",
        f"{HPA_TESTS}::test_a_tolerance_of_its_own_for_each_way",
        ("src/flaskship/rollout/metrics.py", "1 - down <= ratio <= 1 + up", "1 - up <= ratio <= 1 + down"),
    ),
    Rule(
        "Autoscaling",
        "What is not measured counts as all of the target on the way down and as nothing on the way up.",
        f"{HPA}#algorithm-details",
        f"{METRICS}::test_a_missing_pod_counts_as_idle_on_the_way_up",
        ("src/flaskship/rollout/metrics.py", "if ratio < 1 else Fraction()", "if ratio > 0 else Fraction()"),
    ),
    Rule(
        "Autoscaling",
        "Of several metrics the largest proposal counts; an unknown one forbids the way down.",
        f"{HPA}#scaling-on-multiple-metrics",
        f"{HPA_TESTS}::test_an_unknown_metric_forbids_the_way_down_and_allows_the_way_up",
        (
            "src/flaskship/rollout/autoscaling.py",
            "(unknown and wanted.replicas < current)",
            "(not unknown and wanted.replicas < current)",
        ),
    ),
    Rule(
        "Autoscaling",
        "Down goes the most that was recommended within the window (300 s), up the least (0 s).",
        f"{HPA}#stabilization-window",
        f"{HPA_TESTS}::test_going_down_takes_the_most_that_was_recommended_within_the_window",
        ("src/flaskship/rollout/autoscaling.py", "down = max([wanted,", "down = min([wanted,"),
    ),
    Rule(
        "Autoscaling",
        "Up: the larger of 4 replicas and 100 % each 15 s; down: 100 % each 15 s, where nothing else is said.",
        f"{HPA}#default-behavior",
        f"{HPA_TESTS}::test_the_default_behaviour",
        ("src/flaskship/rollout/autoscaling.py", 'Policy("Pods", 4, 15)', 'Policy("Pods", 2, 15)'),
    ),
    Rule(
        "Autoscaling",
        "selectPolicy Max takes the policy of the largest change, Min that of the smallest, Disabled none.",
        f"{HPA}#scaling-policies",
        f"{HPA_TESTS}::test_policies_of_the_way_down",
        (
            "src/flaskship/rollout/autoscaling.py",
            '(direction.select == "Max") == up',
            '(direction.select == "Max") != up',
        ),
    ),
    Rule(
        "Autoscaling",
        "What changed within a policy's period already counts against it.",
        f"{HPA}#scaling-policies",
        f"{HPA_TESTS}::test_what_a_period_had_already_counts_against_its_policy",
        ("src/flaskship/rollout/autoscaling.py", "before = current - within", "before = current"),
    ),
    Rule(
        "Autoscaling",
        "A workload of 0 replicas is left alone.",
        f"{HPA}#implicit-maintenance-mode-deactivation",
        f"{HPA_TESTS}::test_a_workload_of_no_replicas_is_left_alone",
        ("src/flaskship/rollout/autoscaling.py", "if current == 0:", "if current < 0:"),
    ),
    Rule(
        "Disruption budgets",
        "Percentages of minAvailable and maxUnavailable are rounded up.",
        f"{PDB}#rounding-logic-when-specifying-percentages",
        "tests/unit/rollout/test_budget.py::test_percentages_are_rounded_up",
        (
            "src/flaskship/rollout/budget.py",
            "share(self.min_available, desired, up=True)",
            "share(self.min_available, desired, up=False)",
        ),
    ),
    Rule(
        "Disruption budgets",
        "They bound what is done on purpose to what runs; a rollout goes by its strategy alone.",
        f"{K}/concepts/workloads/pods/disruptions/#pod-disruption-budgets",
        f"{MOVES}::test_a_restart_keeps_the_disruption_budget",
        (
            f"{LOCAL}/supervisor/workloads.py",
            "            if self.budgets:\n",
            "            if not self.budgets:\n",
        ),
        "A restart is what is done on purpose here; on a cluster it is a rollout, which no budget bounds",
    ),
    Rule(
        "Priorities",
        "Pods of a higher PriorityClass come first.",
        f"{PRIORITY}#effect-of-pod-priority-on-scheduling-order",
        f"{MOVES}::test_higher_priority_starts_first",
        (f"{LOCAL}/supervisor/environment.py", "key=lambda d: -priorities", "key=lambda d: priorities"),
        "The order of starts only: no replica makes room for another",
    ),
)
