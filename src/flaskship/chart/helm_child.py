"""The process that writes to a cluster: one request on stdin, one answer on stdout, and Helm between them.

It is started as `helm`, because that is the name under which Helm owns fields. Its caller may die: it still
ends what it began, so that a release is complete, or failed, and not something in between.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

Request = Mapping[str, Any]
Answer = dict[str, Any]
PENDING = ("pending-install", "pending-upgrade", "pending-rollback")
UNASKED = {"disable_openapi_validation": True}
"""Helm would read the cluster's schemas for most of a second, to compare every object with them. Who has it
write had the server try each of them, strictly. A rollback by Helm has no such option."""


def main() -> int:
    """Answer one request; the answer is written in one piece."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    # Before the request, which may come a good while later: this is most of what a start costs.
    import helm_python  # noqa: F401

    request = sys.stdin.read()
    if not request:
        return 0  # whoever might have asked has ended
    answer = respond(json.loads(request))
    try:
        sys.stdout.write(json.dumps(answer))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever asked is gone; what was asked for is done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def respond(request: Request) -> Answer:
    """Carry one request out; Helm's errors become part of the answer."""
    from helm_python import Config, HelmError

    connection = request["connection"]
    try:
        with Config(
            kubeconfig_path=connection.get("kubeconfig"),
            kube_context=connection["context"],
            namespace=connection["namespace"],
        ) as config:
            # Loading Helm takes a moment: whoever died meanwhile has lost its lock, and nothing was begun.
            if request.get("parent") not in (None, os.getppid()):
                return {"ok": False, "error": "Orphaned", "detail": "whoever asked is gone"}
            return {"ok": True, **_ACTIONS[request["action"]](config, request)}
    except HelmError as error:
        return {"ok": False, "error": type(error).__name__, "detail": error.detail}


def _apply(config: Any, request: Request) -> Answer:
    """Install where nothing is installed, else upgrade; nothing is waited for."""
    from helm_python import Chart

    install = bool(request["install"])
    options: dict[str, Any] = {
        "namespace": request["connection"]["namespace"],
        "timeout_seconds": request["timeout"],
        "wait": "hookOnly",
        "description": request["description"],
        "labels": request["labels"],
        "server_side_apply": True if install else "true",
        "force_conflicts": True,
        **UNASKED,
    }
    if install:
        options["replace"] = bool(request["replace"])
    else:
        options["max_history"] = request["max_history"]
        options["reset_values"] = True
    with Chart.load(request["chart"]) as chart:
        return _write(config, "helm_install" if install else "helm_upgrade", chart, request, options)


def _write(config: Any, function: str, chart: Any, request: Request, options: Mapping[str, Any]) -> Answer:
    from helm_python import _native

    nothing = _native.HANDLE(0)
    values, given = json.dumps(request["values"]), json.dumps(options)
    handle = chart._raw()
    release = request["release"]
    said = _native.call_string(function, config._raw(), nothing, handle, None, release, values, given)
    return _told(json.loads(said))


def _rollback(config: Any, request: Request) -> Answer:
    from helm_python import _native

    options = {
        "version": request["revision"],
        "timeout_seconds": request["timeout"],
        "wait": "hookOnly",
        "max_history": request["max_history"],
        "server_side_apply": "true",
        "force_conflicts": True,
    }
    _native.call_status("helm_rollback", config._raw(), request["release"], json.dumps(options))
    return _told(config.status(request["release"]))


def _uninstall(config: Any, request: Request) -> Answer:
    config.uninstall(
        request["release"],
        keep_history=True,
        ignore_not_found=True,
        timeout=request["timeout"],
        wait="hookOnly",
    )
    return {}


def _told(release: Mapping[str, Any]) -> Answer:
    found = release.get("revision", release.get("version"))
    return {"revision": found, "status": release.get("status")}


_ACTIONS: dict[str, Callable[[Any, Request], Answer]] = {
    "apply": _apply,
    "rollback": _rollback,
    "uninstall": _uninstall,
}

if __name__ == "__main__":
    sys.exit(main())
