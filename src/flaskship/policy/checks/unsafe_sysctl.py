"""A pod changes a parameter of its node's kernel."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "unsafe-sysctl"
SEVERITY = Severity.ERROR
SAFE = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_syncookies",
    }
)


def find(context: Context) -> Iterator[Fault]:
    """Find sysctls that the standard of the oldest supported Kubernetes does not call safe."""
    for pod in context.pods:
        for sysctl in pod.security.at("sysctls").items():
            name = (sysctl.at("name").text or "").replace("/", ".")
            if name not in SAFE:
                yield pod.owner.fault(f"sets the sysctl {name}", sysctl)
