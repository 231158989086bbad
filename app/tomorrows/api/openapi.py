"""The API's description, by hand; a test holds it against the routes and against real answers."""

from typing import Any

from tomorrows import __version__
from tomorrows.domain import MAX_MESSAGE, MAX_WEBHOOK, Status
from tomorrows.settings import Settings

JSON = "application/json"


def document(settings: Settings) -> dict[str, Any]:
    """Give the OpenAPI 3.1 document of this environment."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Reminders", "version": __version__, "description": "Tell me tomorrow."},
        "paths": {"/reminders": _collection(), "/reminders/{id}": _item(), **_probes()},
        "components": {"schemas": _schemas(settings), "securitySchemes": _security()},
        "security": [{"key": []}, {"bearer": []}, {}],
    }


def _collection() -> dict[str, Any]:
    return {
        "post": {
            "operationId": "createReminder",
            "summary": "Create a reminder",
            "parameters": [
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "description": "A repeat with the same key gives the reminder of the first request.",
                    "schema": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 255,
                        "pattern": r"^[\x21-\x7e]+$",
                    },
                }
            ],
            "requestBody": {"required": True, "content": {JSON: {"schema": _ref("Draft")}}},
            "responses": {
                "201": {
                    "description": "Created",
                    "headers": {"Location": {"schema": {"type": "string"}}},
                    "content": {JSON: {"schema": _ref("Reminder")}},
                },
                **_problems(400, 401, 408, 413, 415, 422, 503),
            },
        },
        "get": {
            "operationId": "listReminders",
            "summary": "List reminders in the order of due_at",
            "parameters": [
                {"name": "status", "in": "query", "schema": {"enum": [status.value for status in Status]}},
                {
                    "name": "limit",
                    "in": "query",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
                },
                {"name": "cursor", "in": "query", "schema": {"type": "string"}},
            ],
            "responses": {
                "200": {"description": "A page", "content": {JSON: {"schema": _ref("Page")}}},
                **_problems(400, 401, 422, 503),
            },
        },
    }


def _item() -> dict[str, Any]:
    found = {"200": {"description": "The reminder", "content": {JSON: {"schema": _ref("Reminder")}}}}
    return {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {
            "operationId": "readReminder",
            "summary": "Read a reminder",
            "responses": {**found, **_problems(401, 404, 503)},
        },
        "delete": {
            "operationId": "cancelReminder",
            "summary": "Cancel a scheduled reminder; cancelling it again changes nothing",
            "responses": {**found, **_problems(401, 404, 409, 503)},
        },
    }


def _probes() -> dict[str, Any]:
    open_to_all: dict[str, Any] = {"security": [{}]}
    texts = {
        "/": "What is here",
        "/openapi.json": "This document",
        "/health": "The process lives",
        "/ready": "It should get traffic",
        "/startup": "It has started",
        "/metrics": "Prometheus' text format",
    }
    refusing = ("/ready", "/startup")
    return {
        path: {
            "get": {
                "summary": text,
                "responses": {
                    "200": {"description": text},
                    **({"503": {"description": "Not now; the body says why"}} if path in refusing else {}),
                },
                **open_to_all,
            }
        }
        for path, text in texts.items()
    }


def _schemas(settings: Settings) -> dict[str, Any]:
    when = {"type": "string", "format": "date-time"}
    optional = {"type": ["string", "null"]}
    message = {"type": "string", "minLength": 1, "maxLength": MAX_MESSAGE}
    webhook = {"type": ["string", "null"], "maxLength": MAX_WEBHOOK, "pattern": "^https?://"}
    names = ("id", "status", "message", "due_at", "webhook", "attempts", "last_error")
    return {
        "Draft": {
            "type": "object",
            "required": ["message", "due_at"],
            "additionalProperties": False,
            "properties": {
                "message": message,
                "due_at": {**when, "description": "RFC 3339 with a zone"},
                **({"webhook": webhook} if settings.features.webhooks else {}),
            },
        },
        "Reminder": {
            "type": "object",
            "required": [*names, "created_at", "updated_at", "delivered_at"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
                "status": {"enum": [status.value for status in Status]},
                "message": message,
                "due_at": when,
                "webhook": webhook,
                "attempts": {"type": "integer", "minimum": 0},
                "last_error": optional,
                "created_at": when,
                "updated_at": when,
                "delivered_at": {"type": ["string", "null"], "format": "date-time"},
            },
        },
        "Page": {
            "type": "object",
            "required": ["items", "next_cursor"],
            "properties": {"items": {"type": "array", "items": _ref("Reminder")}, "next_cursor": optional},
        },
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        },
    }


def _security() -> dict[str, Any]:
    return {
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }


def _problems(*statuses: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    return {str(status): {"description": "A problem", "content": content} for status in statuses}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
