"""Builds the application of one role."""

import logging
import logging.config

import stamina
from flask import Blueprint, Flask

from tomorrows.health import health_blueprint
from tomorrows.logs import log, logging_config
from tomorrows.metrics import Metrics
from tomorrows.runtime import Background, Runtime
from tomorrows.settings import Role, Settings
from tomorrows.storage.database import Database
from tomorrows.web.requests import guard_requests


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """Make the Flask application; nothing runs and nothing is connected before `begin_role` or a request."""
    # A retry that succeeds is no news, and one that fails is logged by whoever asked.
    stamina.instrumentation.set_on_retry_hooks([])
    logging.config.dictConfig(logging_config(settings))
    runtime = runtime or Runtime(settings, Database(settings.database_url), Metrics())
    blueprint, background = _role(runtime)
    app = Flask("tomorrows", static_folder=None)
    app.extensions["tomorrows.runtime"] = runtime
    app.extensions["tomorrows.background"] = background
    guard_requests(app, runtime)
    app.register_blueprint(health_blueprint(runtime, background))
    if blueprint is not None:
        app.register_blueprint(blueprint)
    if settings.unknown_features:
        log("settings", "features.unknown", level=logging.WARNING, names=list(settings.unknown_features))
    return app


def _role(runtime: Runtime) -> tuple[Blueprint | None, Background]:
    """Import what the role needs, and nothing else: memory is what replicas cost."""
    match runtime.settings.role:
        case Role.API:
            from tomorrows.api.routes import api_blueprint

            return api_blueprint(runtime), Background()
        case Role.WORKER:
            from tomorrows.worker.loop import DeliveryLoop

            return None, DeliveryLoop(runtime)
        case Role.ADMIN:
            from tomorrows.admin.pages import admin_blueprint

            return admin_blueprint(runtime), Background()
        case Role.MONITORING:
            from tomorrows.monitoring.pages import monitoring_blueprint

            return monitoring_blueprint(runtime), Background()
