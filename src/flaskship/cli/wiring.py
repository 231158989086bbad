"""The real world: where the stories meet the chart, the engines, the network and the clock."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flaskship.engines.base import Engine
from flaskship.model.location import Location
from flaskship.model.project import Environment, ImageSource, Project
from flaskship.model.release import Document
from flaskship.model.snapshot import Snapshot
from flaskship.model.usage import Use
from flaskship.model.verdict import Cause, Receipt, Verdict
from flaskship.tasks.machine import Machine, Met, Port
from flaskship.tasks.provenance import provenance_of
from flaskship.tasks.world import Around, BuiltImage, HealthAnswer, Layered, Rendered, Report, Setting, World

if TYPE_CHECKING:  # most commands have no use for what these load
    from flaskship.aws.rehearsal.outcome import Rehearsal
    from flaskship.containers.shipment import Pushed, Shipment, Shipped
    from flaskship.policy.rule import Rule

LONGEST_BODY = 200
INSTALLED = " + "


def real_world() -> World:
    """Return the world that the command line works in; whatever is heavy is imported at its first use."""
    return World(
        now=time.time,
        sleep=asyncio.sleep,
        load_project=_load_project,
        layer_values=_layer_values,
        locate=_locate,
        find_in_template=_find_in_template,
        origins=_origins,
        around=_around,
        render=_render,
        build_image=_build_image,
        ship=_ship,
        pushed=_pushed,
        local_source=_local_source,
        argo=_argo,
        open_engine=_open_engine,
        judge=_judge,
        causes=_causes,
        relapses=_relapses,
        is_failing=_is_failing,
        failing=_failing,
        crashed=_crashed,
        drive=_drive,
        rules=_rules,
        check_health=_check_health,
        inspect=_inspect,
        meet=_meet,
        measure=_measure,
        provenance=provenance_of,
        rehearse=_rehearse,
        foresee=_foresee,
    )


def _foresee() -> None:
    # Most of it is the dynamic linker's work, which needs no interpreter. What goes wrong, the render tells.
    from flaskship.chart import helm

    threading.Thread(target=helm.load, name="loads Helm", daemon=True).start()


def _load_project(path: Path) -> Project:
    from flaskship.chart.project import load_project

    return load_project(path)


def _layer_values(
    project: Project, environment: Environment, files: Sequence[Path], sets: Sequence[str]
) -> Layered:
    from flaskship.chart.values import layer_values

    return layer_values(project, environment, files, sets)


def _locate(layered: Layered, document: Document, field: str) -> Location | None:
    from flaskship.chart.values import where

    return where(layered, document, field)


def _find_in_template(file: str, document: Document, field: str) -> Location:
    from flaskship.chart.template_lines import line_of

    return line_of(Path(file), document, field)


def _origins(layered: Layered, path: str) -> tuple[Setting, ...]:
    names = layered.names
    return tuple(
        Setting(one.layer, one.path, one.location, one.value, names.index(one.layer))
        for one in layered.origin(path)
    )


def _around(layered: Layered, path: str) -> Around:
    from flaskship.chart.paths import surroundings

    found = surroundings(layered, path)
    return Around(found.present, found.below, found.nearest, layered.implied(path), found.known)


def _render(
    project: Project, environment: Environment, layered: Layered, revision: int, is_upgrade: bool
) -> Rendered:
    from flaskship.chart.render import render_environment

    chart = render_environment(project, environment, layered, revision=revision, is_upgrade=is_upgrade)
    return Rendered(
        chart.manifests,
        chart.documents,
        chart.notes or "",
        chart.chart_digest,
        chart.hooks,
        layered.supplied,
        chart.sources,
    )


async def _build_image(project: Project, source: ImageSource, report: Report) -> BuiltImage:
    from flaskship.engines.local.images import BuildProgress, build_image

    told = ""

    def tell(progress: BuildProgress) -> None:
        nonlocal told
        # The installer names every package once more at the end, and copying says how far it is.
        if progress.detail != told and not progress.detail.startswith(INSTALLED):
            told = progress.detail
            report.step(f"image {source.repository}: {told}")

    image = await build_image(project.root, source.repository, source.context, report=tell)
    findings = tuple(
        f"{note.instruction} (line {note.line}) is {note.treatment}: {note.reason}" for note in image.notes
    )
    return BuiltImage(source.repository, image.id, image.source_digest, findings)


async def _ship(shipment: Shipment, report: Report) -> Shipped:
    from flaskship.containers.ship import real_dock, ship

    def tell(line: str) -> None:
        report.step(f"image {shipment.repository}: {line}")

    return await ship(shipment, real_dock(tell, time.time))


def _pushed(project: Project) -> Sequence[Pushed]:
    from flaskship.containers.record import read_pushed

    return read_pushed(project.root)


def _local_source(project: Project, image: str) -> str | None:
    from flaskship.engines.local.images import find_image

    found = find_image(project.root, image)
    return found.source_digest if found is not None else None


async def _argo(environment: Environment) -> Sequence[Document]:
    from flaskship.engines.kubernetes.applications import list_applications

    return await list_applications(environment)


def _open_engine(project: Project, environment: Environment, name: str) -> Engine:
    from flaskship.engines import open_engine

    return open_engine(project, environment, name)


async def _measure(
    engine: Engine, environment: Environment, snapshot: Snapshot, seconds: float, report: Report
) -> Mapping[str, Use]:
    told = 0.0

    def tell(passed: float) -> None:
        nonlocal told
        if passed - told >= 10:
            told = passed
            report.step(f"{passed:.0f} of {seconds:g} s")

    replicas = [(workload.name, one) for workload in snapshot.workloads for one in workload.replicas]
    if engine.name == "local":
        from flaskship.engines.local import meter

        pids = {one.name: one.pid for _, one in replicas if one.pid is not None}
        return await meter.measure(pids, seconds, now=time.monotonic, sleep=asyncio.sleep, report=tell)
    from flaskship.engines.kubernetes import meter as metrics
    from flaskship.engines.kubernetes.engine import KubernetesEngine

    assert isinstance(engine, KubernetesEngine)
    containers = {one.name: name for name, one in replicas}
    return await metrics.measure(
        engine.cluster,
        environment.namespace,
        containers,
        seconds,
        now=time.monotonic,
        sleep=asyncio.sleep,
        report=tell,
    )


def _judge(snapshot: Snapshot, now: float) -> Verdict | None:
    from flaskship.verification.judge import judge

    return judge(snapshot, now)


def _causes(snapshot: Snapshot, now: float) -> tuple[Cause, ...]:
    from flaskship.verification.judge import causes

    return causes(snapshot, now)


def _relapses(healthy: Snapshot, now: Snapshot) -> tuple[Cause, ...]:
    from flaskship.verification.relapse import relapses

    return relapses(healthy, now)


def _failing(now: Snapshot) -> tuple[Cause, ...]:
    from flaskship.verification.relapse import failing

    return failing(now)


def _crashed(now: Snapshot) -> tuple[Cause, ...]:
    from flaskship.verification.relapse import crashed

    return crashed(now)


def _is_failing(now: Snapshot) -> bool:
    from flaskship.verification.relapse import is_failing

    return is_failing(now)


async def _drive(url: str, until: asyncio.Event) -> Receipt:
    from flaskship.verification.receipt import drive

    return await drive(url, until=until)


def _rules() -> Sequence[Rule]:
    from flaskship.policy.checks import RULES

    return RULES


async def _check_health(url: str, patience: float) -> HealthAnswer:
    from flaskship.verification.receipt import check_health

    answer = await check_health(url, patience)
    said = answer.error or f"{answer.status} {answer.body.strip()[:LONGEST_BODY]}".rstrip()
    return HealthAnswer(url, answer.ok, said)


async def _inspect(project: Project, wanted: Iterable[Port]) -> Machine:
    from flaskship.tasks.inspection import inspect

    return await inspect(project, wanted)


async def _meet(environments: Iterable[Environment]) -> tuple[Met, ...]:
    from flaskship.tasks.meeting import meet

    return await meet(environments)


def _rehearse(project: Project, stacks: Sequence[str], environment: str, report: Report) -> Rehearsal:
    from flaskship.aws.rehearsal.run import rehearse

    return rehearse(project.root / "infra", stacks, environment, os.environ, report)
