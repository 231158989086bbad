"""An ExternalSecret asks no store, or never again, or composes with a broken template."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.gotemplate import problem
from flaskship.policy.objects import Fault

CODE = "external-secret"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find missing SecretStores, shared targets, broken templates, and an interval of zero."""
    stores = {one.name for one in context.of("SecretStore")}
    targets: dict[str, str] = {}
    for one in context.of("ExternalSecret"):
        store = one.spec.at("secretStoreRef")
        if store.at("kind").text in (None, "SecretStore") and store.at("name").text not in stores:
            yield one.fault(f"asks the store {store.at('name').text}, which is not there", store, ".secrets")
        interval = one.spec.at("refreshInterval")
        if interval.text in ("0", "0s", "0m", "0h"):
            yield one.fault("is never refreshed", interval, ".secrets.external.refreshInterval")
        for key, text in one.spec.at("target", "template", "data").entries():
            if wrong := problem(text.text or ""):
                setting = f".secrets.external.secrets.{_escaped(one.name)}.template.{_escaped(key)}"
                yield one.fault(f"the template of {key} does not parse: {wrong}", text, setting)
        target = one.spec.at("target", "name").text or one.name
        if target in targets:
            message = f"fills Secret {target}, as {targets[target]} does"
            yield one.fault(message, "spec.target.name", ".secrets.external.secrets")
        targets[target] = one.name


def _escaped(name: str) -> str:
    return name.replace(".", "\\.")
