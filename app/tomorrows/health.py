"""/health, /ready, /startup and /metrics, the same in every role."""

from datetime import datetime

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from tomorrows.metrics import CONTENT_TYPE_LATEST
from tomorrows.runtime import Background, Runtime
from tomorrows.secrets_source import SecretUnreadable
from tomorrows.settings import Role
from tomorrows.storage import jobs
from tomorrows.storage.database import DatabaseUnavailable, schema_version
from tomorrows.storage.tables import SCHEMA


def health_blueprint(runtime: Runtime, background: Background) -> Blueprint:
    """Make the four endpoints."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health")
    def health() -> Response:
        return Response('{"status":"healthy"}', mimetype="application/json")

    @blueprint.get("/ready")
    def ready() -> Response:
        reasons = reasons_against(runtime, background)
        response = jsonify(status="unready" if reasons else "ready", reasons=reasons)
        if reasons:
            response.status_code = 503
            response.headers["Retry-After"] = "1"
        return response

    @blueprint.get("/startup")
    def startup() -> Response:
        started = background.started()
        response = jsonify(status="started" if started else "starting")
        response.status_code = 200 if started else 503
        return response

    @blueprint.get("/metrics")
    def metrics() -> Response:
        if uses_database(runtime):
            _measure(runtime)
        return Response(runtime.metrics.render(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def uses_database(runtime: Runtime) -> bool:
    """Monitoring asks its siblings, never the database."""
    return runtime.settings.role is not Role.MONITORING


def reasons_against(runtime: Runtime, background: Background) -> list[str]:
    """List why this process should get no traffic; empty when it is ready."""
    reasons = []
    if runtime.draining.is_set():
        reasons.append("draining: this process was told to stop")
    if runtime.settings.role is Role.API and runtime.settings.needs_key:
        reasons += _missing_key(runtime)
    if uses_database(runtime):
        reasons += _database(runtime)
    problem = background.problem()
    return reasons + ([problem] if problem else [])


def schema_reason(found: str | None) -> str | None:
    """Judge the schema: newer is fine (old code works on it), older or none is not."""
    if found is None:
        return "the database has no schema yet; run python -m tomorrows.migrate"
    if found < SCHEMA:
        return f"the database is at schema {found}, this code wants {SCHEMA}; run python -m tomorrows.migrate"
    return None


def _missing_key(runtime: Runtime) -> list[str]:
    try:
        if runtime.settings.api_key.current() is None:
            return ["API_KEY (or API_KEY_FILE) is not set, and it is mandatory in prod"]
    except SecretUnreadable as error:
        return [str(error)]
    return []


def _database(runtime: Runtime) -> list[str]:
    try:
        with runtime.database.reading() as connection:
            reason = schema_reason(schema_version(connection))
    except DatabaseUnavailable as error:
        return [f"database: {error}"]
    return [reason] if reason else []


def _measure(runtime: Runtime) -> None:
    now = runtime.now()
    try:
        with runtime.database.reading() as connection:
            backlog = jobs.backlog(connection, now)
    except (DatabaseUnavailable, SQLAlchemyError):
        runtime.metrics.show_backlog(None, 0.0)
        return
    runtime.metrics.show_backlog(backlog, _age(backlog.oldest_due_at, now))


def _age(oldest: datetime | None, now: datetime) -> float:
    return (now - oldest).total_seconds() if oldest else 0.0
