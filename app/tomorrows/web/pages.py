"""What the pages share: the guard in front of them, their headers, and the templates."""

from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, request

from tomorrows.runtime import Runtime
from tomorrows.web.access import check_page

HERE = Path(__file__).parent
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page_blueprint(name: str, runtime: Runtime) -> Blueprint:
    """Make a blueprint whose every page is guarded and carries strict headers."""
    blueprint = Blueprint(
        name,
        __name__,
        template_folder=str(HERE / "templates"),
        static_folder=str(HERE / "static"),
        static_url_path="/static",
    )

    @blueprint.before_request
    def keep_out() -> Response | None:
        denied = check_page(runtime.settings, request.headers, request.remote_addr)
        if denied is None:
            return None
        response = Response(denied.detail + "\n", status=denied.status, mimetype="text/plain")
        if denied.challenge:
            response.headers["WWW-Authenticate"] = denied.challenge
        return _strict(response)

    blueprint.after_request(_strict)
    return blueprint


def page(template: str, *, status: int = 200, **values: object) -> Response:
    """Render a page."""
    response = make_response(render_template(template, **values), status)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _strict(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CSP
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Frame-Options"] = "DENY"
    return response
