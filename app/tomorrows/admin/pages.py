"""The Admin pages: list and search reminders."""

from functools import partial

from flask import Blueprint, Response, request, url_for

from tomorrows.domain import Status
from tomorrows.runtime import Runtime
from tomorrows.storage import reminders
from tomorrows.storage.database import DatabaseUnavailable
from tomorrows.web.pages import page, page_blueprint

PAGE = 25
MAX_SEARCH = 200


def admin_blueprint(runtime: Runtime) -> Blueprint:
    """Make the pages."""
    blueprint = page_blueprint("admin", runtime)
    searchable = runtime.settings.features.admin_search

    @blueprint.get("/")
    def listing() -> Response:
        status = request.args.get("status", "")
        chosen = Status(status) if status in tuple(Status) else None
        search = request.args.get("q", "").replace("\x00", "").strip()[:MAX_SEARCH] if searchable else ""
        show = partial(page, "admin.html", status_chosen=chosen, search=search, searchable=searchable)
        cursor = request.args.get("cursor")
        try:
            with runtime.database.reading() as connection:
                found = reminders.page(connection, status=chosen, limit=PAGE, cursor=cursor, search=search)
                counts = reminders.counts(connection)
        except DatabaseUnavailable as error:
            return show(
                status=503, gap=f"The reminders cannot be shown now: {error}.", statuses=tuple(Status)
            )
        if found is None:
            return show(status=400, gap="This page does not exist; start again.", statuses=tuple(Status))
        following = found.cursor and url_for(
            "admin.listing", q=search or None, status=chosen.value if chosen else None, cursor=found.cursor
        )
        return show(items=found.items, counts=counts, following=following, statuses=tuple(Status))

    return blueprint
