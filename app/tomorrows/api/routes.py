"""The endpoints of the API."""

import json
import re

from flask import Blueprint, Response, jsonify, request, url_for

from tomorrows.api.create import Created, KeyReused, create
from tomorrows.api.openapi import document
from tomorrows.domain import FieldError, Reminder, Status, instant, parse_draft
from tomorrows.runtime import Runtime
from tomorrows.storage import reminders
from tomorrows.web.access import check_key
from tomorrows.web.problem import Refused, problem

ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
DEFAULT_LIMIT, MAX_LIMIT = 50, 100
QUERY = frozenset({"status", "limit", "cursor"})


def api_blueprint(runtime: Runtime) -> Blueprint:
    """Make the endpoints; every one under /reminders wants the key when one is set."""
    public = Blueprint("api", __name__)
    guarded = Blueprint("reminders", __name__, url_prefix="/reminders")

    @public.get("/")
    def index() -> Response:
        return jsonify(name="reminders", reminders="/reminders", openapi="/openapi.json")

    @public.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(document(runtime.settings))

    @guarded.before_request
    def keep_out() -> Response | None:
        denied = check_key(runtime.settings, request.headers)
        if denied is None:
            return None
        response = problem(denied.status, denied.detail)
        if denied.challenge:
            response.headers["WWW-Authenticate"] = denied.challenge
        return response

    @guarded.post("")
    def post() -> Response:
        draft = parse_draft(_body(), runtime.now(), webhooks=runtime.settings.features.webhooks)
        if isinstance(draft, tuple):
            return problem(422, "The reminder is not valid.", errors=draft)
        try:
            return _created(create(runtime, draft, _idempotency_key()))
        except KeyReused:
            return problem(422, "This Idempotency-Key was used before with another body.")

    @guarded.get("")
    def listing() -> Response:
        status, limit, cursor = _query()
        with runtime.database.reading() as connection:
            page = reminders.page(connection, status=status, limit=limit, cursor=cursor)
        if page is None:
            return problem(400, "The cursor is not one that this API gave.")
        return jsonify(items=[as_json(item) for item in page.items], next_cursor=page.cursor)

    @guarded.get("/<reminder_id>")
    def get(reminder_id: str) -> Response:
        with runtime.database.reading() as connection:
            found = reminders.find(connection, _id(reminder_id))
        return jsonify(as_json(found)) if found else _unknown()

    @guarded.delete("/<reminder_id>")
    def cancel(reminder_id: str) -> Response:
        with runtime.database.writing() as connection:
            cancelled = reminders.cancel(connection, _id(reminder_id), runtime.now())
            found = reminders.find(connection, reminder_id)
        if found is None:
            return _unknown()
        if cancelled or found.status is Status.CANCELLED:
            return jsonify(as_json(found))
        return problem(409, f"The reminder is {found.status.value}; only a scheduled one can be cancelled.")

    public.register_blueprint(guarded)
    return public


def as_json(reminder: Reminder) -> dict[str, object]:
    """Show a reminder."""
    return {
        "id": reminder.id,
        "status": reminder.status.value,
        "message": reminder.message,
        "due_at": instant(reminder.due_at),
        "webhook": reminder.webhook,
        "attempts": reminder.attempts,
        "last_error": reminder.last_error,
        "created_at": instant(reminder.created_at),
        "updated_at": instant(reminder.updated_at),
        "delivered_at": instant(reminder.delivered_at) if reminder.delivered_at else None,
    }


def _created(created: Created) -> Response:
    response = jsonify(as_json(created.reminder))
    response.status_code = 201
    response.headers["Location"] = url_for("api.reminders.get", reminder_id=created.reminder.id)
    if created.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _body() -> object:
    if request.mimetype != "application/json":
        raise Refused(problem(415, "The body must be JSON, with Content-Type: application/json."))
    try:
        text = request.get_data().decode("utf-8")
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise Refused(problem(400, "The body is nested too deeply.")) from None
    except ValueError as error:
        raise Refused(problem(400, f"The body is not JSON: {error}.")) from None


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or KEY.fullmatch(key):
        return key
    raise Refused(problem(400, "Idempotency-Key must be 1 to 255 visible ASCII characters."))


def _query() -> tuple[Status | None, int, str | None]:
    errors = [FieldError(name[:60], "is unknown") for name in request.args if name not in QUERY]
    status, limit = request.args.get("status"), request.args.get("limit", str(DEFAULT_LIMIT))
    if status is not None and status not in tuple(Status):
        errors.append(FieldError("status", f"must be one of {', '.join(Status)}"))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 5 and 1 <= int(limit) <= MAX_LIMIT):
        errors.append(FieldError("limit", f"must be a whole number from 1 to {MAX_LIMIT}"))
    if errors:
        raise Refused(problem(422, "The query is not valid.", errors=errors))
    return (Status(status) if status else None), int(limit), request.args.get("cursor")


def _id(text: str) -> str:
    if not ID.fullmatch(text):
        raise Refused(_unknown())
    return text


def _unknown() -> Response:
    return problem(404, "There is no such reminder.")
