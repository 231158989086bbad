"""One container of a replica."""

from flaskship.engines.local.manifests.environment import ENV_ENTRY, ENV_FROM
from flaskship.engines.local.manifests.probes import LIFECYCLE, ONE_SUCCESS_PROBE, REPEATED_PROBE
from flaskship.engines.local.manifests.scalars import (
    absolute_path,
    boolean,
    byte_quantity,
    choice,
    cpu_quantity,
    label_name,
    path_inside,
    port_name,
    port_number,
    text,
    text_list,
    words,
)
from flaskship.engines.local.manifests.table import (
    At,
    Fields,
    ListOf,
    Record,
    emulated,
    honoured,
    ignored,
    required,
)
from flaskship.engines.local.spec import Container, ContainerPort, HttpGet, Mount, Resources, TcpSocket

SAME_USER = "processes run as the user who started the engine, without isolation"


def _port(found: Fields, _at: At) -> ContainerPort:
    return ContainerPort(found["containerPort"], found.get("name"), found.get("protocol", "TCP"))


PORT = Record(
    _port,
    {
        "containerPort": required(port_number, "on the replica's own loopback address"),
        "name": honoured(port_name),
        "protocol": honoured(choice("TCP", "UDP", "SCTP")),
        "hostPort": ignored("each replica has an address of its own"),
        "hostIP": ignored("each replica has an address of its own"),
    },
)


def _mount(found: Fields, at: At) -> Mount:
    if found.get("subPath") and "subPathExpr" in found:
        raise at.error("subPath and subPathExpr exclude each other")
    return Mount(
        volume=found["name"],
        path=found["mountPath"],
        sub_path=found.get("subPath", ""),
        read_only=found.get("readOnly", False),
        sub_path_expr=found.get("subPathExpr", ""),
    )


MOUNT = Record(
    _mount,
    {
        "name": required(words),
        "mountPath": required(
            absolute_path, "not mounted: variables and arguments get the local folder in its place"
        ),
        "subPath": honoured(path_inside),
        "subPathExpr": honoured(path_inside),
        "readOnly": emulated(boolean, "files are written read-only; a folder stays writable"),
        "recursiveReadOnly": ignored("nothing is mounted"),
        "mountPropagation": ignored("nothing is mounted"),
    },
)

Amounts = tuple[int | None, int | None]


def _amounts(found: Fields, _at: At) -> Amounts:
    return found.get("cpu"), found.get("memory")


AMOUNTS = Record(
    _amounts,
    {
        "cpu": honoured(cpu_quantity),
        "memory": honoured(byte_quantity),
        "ephemeral-storage": ignored("disk use is not limited here"),
    },
    others="no devices or huge pages are handed out here: a process finds those that the machine has",
)


def _resources(found: Fields, at: At) -> Resources:
    cpu_limit, memory_limit = found.get("limits", (None, None))
    cpu_request, memory_request = found.get("requests", (None, None))
    pairs = (("cpu", cpu_request, cpu_limit), ("memory", memory_request, memory_limit))
    for name, request, limit in pairs:
        if request is not None and limit is not None and request > limit:
            raise at.child("requests").child(name).error("is more than its limit")
    return Resources(
        memory_limit=memory_limit,
        memory_request=memory_limit if memory_request is None else memory_request,
        cpu_limit=cpu_limit,
        cpu_request=cpu_limit if cpu_request is None else cpu_request,
    )


RESOURCES = Record(
    _resources,
    {
        "limits": honoured(AMOUNTS, "by a cgroup where permitted, else by a watchdog on memory"),
        "requests": emulated(AMOUNTS, "nothing is reserved; the downward API and the HPA read them"),
        "claims": ignored("no devices are handed out here"),
    },
)


def _security(found: Fields, _at: At) -> bool:
    read_only: bool = found.get("readOnlyRootFilesystem", False)
    return read_only


_SECURITY_IGNORED = (
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "privileged",
    "procMount",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "windowsOptions",
)
SECURITY = Record(
    _security,
    {
        "readOnlyRootFilesystem": emulated(
            boolean,
            "by Landlock where the kernel has it: writes go below the environment's folder and /dev alone,"
            " and below /tmp where a volume is mounted there; elsewhere they fail (EACCES). Without it, and"
            " where it is false, what is written to the image's files stays and every replica sees it",
        ),
        **{name: ignored(SAME_USER) for name in _SECURITY_IGNORED},
    },
)


def _container(found: Fields, at: At) -> Container:
    pre_stop, post_start = found.get("lifecycle", (None, None))
    container = Container(
        name=found["name"],
        image=found["image"],
        command=found.get("command") or None,
        args=found.get("args") or None,
        working_dir=found.get("workingDir") or None,
        env=found.get("env", ()),
        env_from=found.get("envFrom", ()),
        ports=found.get("ports", ()),
        resources=found.get("resources", Resources()),
        startup=found.get("startupProbe"),
        readiness=found.get("readinessProbe"),
        liveness=found.get("livenessProbe"),
        pre_stop=pre_stop,
        post_start=post_start,
        mounts=found.get("volumeMounts", ()),
        always=found.get("restartPolicy") == "Always",
        read_only_root=found.get("securityContext", False),
    )
    _require_distinct_ports(container, at)
    _require_named_ports(container, at)
    _require_distinct_mounts(container, at)
    return container


def _require_distinct_ports(container: Container, at: At) -> None:
    names: set[str] = set()
    for index, port in enumerate(container.ports):
        if port.name and port.name in names:
            raise at.child("ports").item(index).child("name").error(f"{port.name!r} is used twice")
        names.add(port.name or "")


def _require_named_ports(container: Container, at: At) -> None:
    names = {port.name for port in container.ports if port.name}
    probes = {
        "startupProbe": container.startup and container.startup.handler,
        "readinessProbe": container.readiness and container.readiness.handler,
        "livenessProbe": container.liveness and container.liveness.handler,
        "lifecycle.preStop": container.pre_stop,
        "lifecycle.postStart": container.post_start,
    }
    for field, handler in probes.items():
        if not isinstance(handler, HttpGet | TcpSocket) or isinstance(handler.port, int):
            continue
        if handler.port not in names:
            how = "httpGet" if isinstance(handler, HttpGet) else "tcpSocket"
            known = f"it has {', '.join(sorted(names))}" if names else "it names none"
            raise (
                at.child(field)
                .child(how)
                .child("port")
                .error(f"the container has no port named {handler.port!r}; {known}")
            )


def _require_distinct_mounts(container: Container, at: At) -> None:
    paths: set[str] = set()
    for index, mount in enumerate(container.mounts):
        if mount.path in paths:
            raise (
                at.child("volumeMounts")
                .item(index)
                .child("mountPath")
                .error(f"{mount.path} is mounted twice")
            )
        paths.add(mount.path)


CONTAINER = Record(
    _container,
    {
        "name": required(label_name),
        "image": required(words),
        "command": honoured(text_list, "ports named in it become the replica's address"),
        "args": honoured(text_list, "ports named in it become the replica's address"),
        "workingDir": emulated(text, "the image's folder on this machine"),
        "env": honoured(ListOf(ENV_ENTRY)),
        "envFrom": honoured(ListOf(ENV_FROM)),
        "ports": honoured(ListOf(PORT)),
        "resources": honoured(RESOURCES),
        "startupProbe": honoured(ONE_SUCCESS_PROBE),
        "readinessProbe": honoured(REPEATED_PROBE),
        "livenessProbe": honoured(ONE_SUCCESS_PROBE),
        "lifecycle": honoured(LIFECYCLE),
        "volumeMounts": emulated(ListOf(MOUNT), "local folders in place of mounts"),
        "restartPolicy": honoured(
            choice("Always", "OnFailure", "Never"), "Always makes an initContainer a native sidecar"
        ),
        "restartPolicyRules": ignored("the replica's restartPolicy counts"),
        "resizePolicy": ignored("a change of resources replaces the replica"),
        "imagePullPolicy": ignored("images are built on this machine, never pulled"),
        "securityContext": emulated(SECURITY, SAME_USER),
        "terminationMessagePath": ignored("the last lines of the log are kept"),
        "terminationMessagePolicy": ignored("the last lines of the log are kept"),
        "volumeDevices": ignored("there are no block devices here"),
        "stdin": ignored("replicas read from /dev/null"),
        "stdinOnce": ignored("replicas read from /dev/null"),
        "tty": ignored("replicas have no terminal"),
    },
)
