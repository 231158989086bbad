"""The story of a rehearsal."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.api import unanswered_errors
from flaskship.aws.rehearsal.by_hand import make_zone
from flaskship.aws.rehearsal.children import Ended, api_server, run_terraform
from flaskship.aws.rehearsal.outcome import DriftFound, Fact, Rehearsal, StackRun
from flaskship.aws.rehearsal.stacks import ENVIRONMENTS, REGION, Stack, chosen, state_key
from flaskship.aws.rehearsal.workspace import copy_code, environment_for, own_folder, room_needed
from flaskship.aws.terraform import Missing, Terraform, find_terraform, too_old
from flaskship.model.errors import ConfigurationError, FlaskshipError, PreflightError

STATES = f"my-app-terraform-state-{ACCOUNT}"
"""The bucket that all states live in."""


class Listener(Protocol):
    """Whoever is told how far it is."""

    def step(self, message: str) -> None:
        """Hear one line of progress."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a rehearsal plays: its terraform, the stacks' code, the children's environment, who is told."""

    terraform: Terraform
    stacks: Path
    environ: Mapping[str, str]
    port: int
    environment: str
    listener: Listener
    zone: str = ""


def rehearse(
    infra: Path, names: Sequence[str], environment: str, inherited: Mapping[str, str], listener: Listener
) -> Rehearsal:
    """Apply, plan again, look, drift, destroy; everything is gone when it returns or raises."""
    if environment not in ENVIRONMENTS:
        raise ConfigurationError(
            f"there is no environment {environment!r}", hint=f"name one of {', '.join(ENVIRONMENTS)}"
        )
    stacks = chosen(names)
    terraform = find_terraform(inherited)
    if isinstance(terraform, Missing):
        raise PreflightError(terraform.what, hint=terraform.hint)
    if (old := too_old(terraform.binary)) is not None:
        raise PreflightError(old.what, hint=old.hint)
    if not (infra / "terraform" / "aws" / "stacks").is_dir():
        raise ConfigurationError(
            f"{infra} has no terraform/aws/stacks", hint="say which project with --project"
        )
    began = time.monotonic()
    with room_needed(), own_folder() as folder, api_server(folder) as port:
        listener.step(f"AWS answers on 127.0.0.1:{port}, provider {terraform.version}")
        code = copy_code(infra, folder)
        environ = environment_for(terraform, folder, port, inherited)
        try:
            zone = make_zone(port) if environment == "prod" else ""
            outcome = _play(Stage(terraform, code, environ, port, environment, listener, zone), stacks)
        except unanswered_errors() as error:
            raise FlaskshipError(
                f"the rehearsal's API server answers no more: {error}",
                hint="it was ended from outside, perhaps for want of memory; nothing is left: run it again",
            ) from error
    return replace(outcome, seconds=time.monotonic() - began)


def _play(stage: Stage, stacks: Sequence[Stack]) -> Rehearsal:
    from flaskship.aws.doubles.corrections import CORRECTIONS
    from flaskship.aws.rehearsal.drift import inject
    from flaskship.aws.rehearsal.facts import look
    from flaskship.aws.rehearsal.instead import INSTEAD, doubled, unanswered
    from flaskship.aws.rehearsal.leftovers import left

    runs: dict[str, StackRun] = {}
    facts: tuple[Fact, ...] = ()
    drift: list[DriftFound] = []
    looking: set[str] = set()
    for stack in stacks:
        broken = [need for need in stack.needs if need not in runs or runs[need].errors]
        if broken:
            stage.listener.step(f"{stack.name}: left out, {broken[0]} did not stand")
            continue
        runs[stack.name] = _apply(stage, stack)
        if runs[stack.name].errors:
            stage.listener.step(f"{stack.name}: failed: {runs[stack.name].errors[0]}")
    applied = [stack for stack in stacks if stack.name in runs]
    whole = [stack for stack in applied if not runs[stack.name].errors]
    if whole:
        stage.listener.step("asking the API what was made")
        facts = look(stage.port, stage.environment, {stack.name for stack in whole})
        for stack in whole:
            changes = inject(stage.port, stage.environment, stack.name)
            if any(change.gone for change in changes):
                looking.add(stack.name)
            if changes:
                stage.listener.step(f"{stack.name}: changed behind Terraform's back: {changes[0].change}")
                planned = _planned_changes(_terraform(stage, stack, "plan", "-json"))
                drift += [
                    DriftFound(stack.name, change.change, change.resource, change.resource in planned)
                    for change in changes
                ]
    for stack in reversed(applied):
        runs[stack.name] = _destroy(stage, stack, runs[stack.name], refresh=stack.name in looking)
    remains = left(stage.port)
    return Rehearsal(
        stage.environment,
        stage.terraform.version,
        0.0,
        tuple(runs.values()),
        facts,
        tuple(drift),
        doubled(stage.port),
        CORRECTIONS,
        unanswered(stage.port),
        INSTEAD,
        remains,
    )


def _apply(stage: Stage, stack: Stack) -> StackRun:
    folder = stage.stacks / stack.name
    began = time.monotonic()
    done = _init(stage, stack, folder)
    if done.code:
        return StackRun(stack.name, errors=done.errors())
    done = _terraform(stage, stack, "apply", "-json", "-auto-approve")
    seconds = time.monotonic() - began
    if done.code:
        return StackRun(stack.name, apply_seconds=seconds, errors=done.errors())
    began = time.monotonic()
    listed = run_terraform([str(stage.terraform.binary), "state", "list"], folder, stage.environ)
    managed = [line for line in listed.lines if line and ".data." not in f".{line}"]
    stage.listener.step(f"{stack.name}: {len(managed)} resources in {seconds:.0f} s; planning again")
    again = _terraform(stage, stack, "plan", "-json")
    for address in _planned_changes(again):
        stage.listener.step(f"{stack.name}: the second plan would change {address}")
    return StackRun(
        stack.name,
        resources=len(managed),
        apply_seconds=seconds,
        plan_seconds=time.monotonic() - began,
        second_plan=_planned_changes(again),
        errors=again.errors() if again.code else (),
    )


def _init(stage: Stage, stack: Stack, folder: Path) -> Ended:
    arguments = [str(stage.terraform.binary), "init", "-no-color"]
    if (folder / "backend.tf").exists():
        arguments += [
            f"-backend-config=bucket={STATES}",
            f"-backend-config=region={REGION}",
            f"-backend-config=key={state_key(stack, stage.environment)}",
        ]
    return run_terraform(arguments, folder, stage.environ)


def _terraform(stage: Stage, stack: Stack, verb: str, *options: str) -> Ended:
    from flaskship.aws.rehearsal.progress import Progress

    arguments = [str(stage.terraform.binary), verb, "-no-color", "-input=false", *options]
    arguments += inputs(stack, stage.environment, stage.zone)
    return run_terraform(
        arguments, stage.stacks / stack.name, stage.environ, Progress(stack.name, stage.listener).hear
    )


def inputs(stack: Stack, environment: str, zone: str = "") -> list[str]:
    """Return the options that give a stack its variables."""
    given = [f"-var={name}={value}" for name, value in stack.variables]
    if stack.of_environment:
        given.append(f"-var-file=environments/{environment}.tfvars")
    if stack.name == "app" and environment == "prod":
        given += [f"-var=zone_id={zone}", '-var=alarm_emails=["team@example.com"]']
    return given


def _planned_changes(done: Ended) -> tuple[str, ...]:
    """Return the addresses that a plan would change; drift that needs no change is none."""
    return tuple(
        message["change"]["resource"]["addr"]
        for message in done.messages
        if message.get("type") == "planned_change" and message["change"]["action"] not in {"no-op", "read"}
    )


def plainly(said: str) -> str:
    """Return what refused in its own words, without the provider's account of the call."""
    return " ".join(re.sub(r"operation error .*?RequestID: [\w-]+, ", "", said).split())[:300]


def _destroy(stage: Stage, stack: Stack, run: StackRun, refresh: bool) -> StackRun:
    from flaskship.aws.rehearsal.by_hand import PROTECTION, empty_bucket, take_off

    def attempt() -> Ended:
        # Looking again costs as much as a plan.
        looks = f"-refresh={str(refresh).lower()}"
        return _terraform(stage, stack, "destroy", "-json", "-auto-approve", looks)

    began = time.monotonic()
    stage.listener.step(f"{stack.name}: destroying")
    protected = stage.environment in stack.protected
    # In this order: Terraform's own lock, and that of the database at AWS.
    locks = [("Terraform", protected), ("AWS", protected and stack.name == "app")]
    refused: list[str] = []
    missing: list[str] = []
    done: Ended | None = None
    for who, locked in locks:
        if not locked or (done and not done.code):
            continue
        done = attempt()
        if not done.code:
            missing.append(f"{who} did not refuse to destroy it")
            continue
        refused.append(plainly(" ".join(done.errors())))
        if who == "AWS":
            take_off(stage.port)
        else:
            command = [str(stage.terraform.binary), "state", "rm", "-no-color", PROTECTION]
            run_terraform(command, stage.stacks / stack.name, stage.environ)
    if done is None or done.code:
        if stack.name == "bootstrap":
            empty_bucket(stage.port, STATES)
        done = attempt()
    return replace(
        run,
        destroy_seconds=time.monotonic() - began,
        destroyed=done.code == 0,
        refused="; then: ".join(refused),
        # What did not stand as a whole may lack its lock.
        errors=run.errors + (done.errors() if done.code else ()) + (() if run.errors else tuple(missing)),
    )
