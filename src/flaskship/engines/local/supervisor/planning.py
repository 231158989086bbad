"""How each container of a replica is started here, decided anew for every start."""

import os
from pathlib import Path

from flaskship.engines.local.images import find_image, image_environment, resolve_command
from flaskship.engines.local.resolve import (
    ReplicaContext,
    ServiceAddress,
    resolve_argv,
    resolve_environment,
    resolve_volumes,
    resolve_working_dir,
    write_volumes,
)
from flaskship.engines.local.spec import Container, Deployment, Job, PodTemplate
from flaskship.engines.local.state import ReplicaRecord
from flaskship.engines.local.supervisor.generation import Generation
from flaskship.engines.local.supervisor.runtime import Runtime
from flaskship.engines.local.supervisor.world import LaunchPlan, Planner
from flaskship.model.snapshot import Problem

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def planner(
    runtime: Runtime,
    generation: Generation,
    workload: Deployment | Job,
    record: ReplicaRecord,
    folder: Path,
) -> Planner:
    """Return what plans the starts of one replica's containers."""
    template = workload.template
    volumes = volume_folders(runtime, template, folder)

    def plan(container: Container) -> LaunchPlan | Problem:
        image_id = generation.image(container.image)
        image = find_image(runtime.world.paths.project, image_id) if image_id else None
        if image is None:
            return Problem(
                "ImageUnreadable",
                f"this machine has no image {container.image} for container {container.name}",
                field="image",
            )
        context = ReplicaContext(
            environment=runtime.name,
            namespace=generation.release.namespace,
            release=generation.release.name,
            uid=record.uid,
            name=record.name,
            application=workload.application,
            address=record.address,
            port_map=record.ports,
            volumes=volumes,
            configurations=generation.configurations,
            services=_addresses(runtime, generation),
            project_root=runtime.world.paths.project,
            path_map=image.path_map,
            labels={"pod-template-hash": record.template},
            cpu_millis=1000 * (os.cpu_count() or 1),
            memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        )
        base = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        environment = resolve_environment(container, template, context, image_environment(image, base))
        if environment.problem is not None:
            return environment.problem
        volumes_here = resolve_volumes(template, context, environment.declared)
        if volumes_here.problem is not None:
            return volumes_here.problem
        write_volumes(volumes_here.folders)
        argv = resolve_argv(
            resolve_command(image, container.command, container.args), container, context, environment
        )
        for finding in (*environment.findings, *argv.findings):
            if finding.strict:
                runtime.findings[f"{workload.name} {finding.field}: {finding.message}"] = None
        if not argv.argv:
            return Problem(
                "CommandNotFound",
                f"{container.image} names no command, and {container.name} none either",
                "command",
            )
        cwd = resolve_working_dir(container, context, environment) or image.workdir
        return LaunchPlan(
            argv=argv.argv,
            env=dict(environment.env),
            cwd=os.fspath(cwd),
            ports=dict(record.ports),
            memory_limit=container.resources.memory_limit,
            cpu_limit=container.resources.cpu_limit,
            cpu_request=container.resources.cpu_request,
            writable=_writable(runtime, container),
        )

    return plan


def _writable(runtime: Runtime, container: Container) -> tuple[str, ...] | None:
    """Return where a container whose root is read-only may write: its volumes, its folder, the devices."""
    if not container.read_only_root:
        return None
    places = ["/dev", os.fspath(runtime.world.paths.environment(runtime.name))]
    if any(mount.path.rstrip("/") == "/tmp" for mount in container.mounts):  # noqa: S108 (a mount's path)
        places.append("/tmp")  # noqa: S108 (what a program that does not ask for TMPDIR means)
    return tuple(places)


def volume_folders(runtime: Runtime, template: PodTemplate, folder: Path) -> dict[str, Path]:
    """Return the local folder of each volume: a claim's is the environment's, others are the replica's."""
    folders = {}
    for volume in template.volumes:
        claim = next((source.name for source in volume.sources if source.kind == "Claim"), None)
        shared = runtime.world.paths.environment(runtime.name) / "volumes"
        folders[volume.name] = shared / claim if claim else folder / "volumes" / volume.name
    return folders


def _addresses(runtime: Runtime, generation: Generation) -> tuple[ServiceAddress, ...]:
    return tuple(
        ServiceAddress(
            service.name,
            generation.release.namespace,
            own[0].host,
            {plan.service_port.port: plan.port for plan in own},
        )
        for service in generation.spec.services
        if (own := [p for p in runtime.listeners if p.service.name == service.name and not p.node])
    )
