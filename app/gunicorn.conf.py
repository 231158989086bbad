"""How the image is served: one process, eight threads, probes that tell the truth while it stops."""

import contextlib
import importlib
import os
from typing import Any

from tomorrows.logs import logging_config
from tomorrows.settings import SettingsError, parse

try:
    _settings = parse(os.environ)
except SettingsError as error:
    raise SystemExit(f"tomorrows: {error}") from None

_host = os.environ.get("POD_IP") or "0.0.0.0"  # noqa: S104 - a pod has one address, and the chart sets no POD_IP
bind = f"[{_host}]:{_settings.port}" if ":" in _host else f"{_host}:{_settings.port}"

workers = 1
threads = 8
worker_class = "tomorrows.server.DrainingWorker"
# Longer than the usual load balancers stay idle (60 s), so that they close first and no request races it.
keepalive = 75
graceful_timeout = int(_settings.graceful_timeout)
timeout = 30
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# A read-only root has no other writable place, and the control socket wants a writable HOME.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
control_socket_disable = True

accesslog = None
logconfig_dict = logging_config(_settings)
proc_name = _settings.name


def post_fork(_server: Any, _worker: Any) -> None:
    """Begin tracing, where a cluster brings it: what it starts in the master ends with the fork."""
    if os.environ.get("OTEL_AWS_PYTHON_DEFER_TO_WORKERS_ENABLED") == "true":
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module("opentelemetry.instrumentation.auto_instrumentation.sitecustomize")


def post_worker_init(worker: Any) -> None:
    """Start what runs beside the requests: after the fork, when the application is loaded."""
    worker.begin_role()


def worker_exit(_server: Any, worker: Any) -> None:
    """Whatever the way out, leases go back before the process ends."""
    worker.end_role()
