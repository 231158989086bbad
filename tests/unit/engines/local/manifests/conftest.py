"""Documents to start from: the smallest that Kubernetes takes, and one that says everything."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from flaskship.engines.local.manifests import read_release
from flaskship.engines.local.spec import Deployment, LocalRelease
from flaskship.model.errors import ConfigurationError

Document = dict[str, Any]
LABELS = {"app.kubernetes.io/name": "web"}


def merge(base: Document, path: str, value: Any) -> Document:
    """Return a copy with one field set; list positions are numbers."""
    document = copy.deepcopy(base)
    place: Any = document
    keys = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in keys[:-1]:
        place = place[key] if isinstance(key, int) else place.setdefault(key, {})
    place[keys[-1]] = value
    return document


@pytest.fixture
def put() -> Callable[[Document, str, Any], Document]:
    return merge


@pytest.fixture
def document() -> Document:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": dict(LABELS)},
            "template": {
                "metadata": {"labels": dict(LABELS)},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            },
        },
    }


@pytest.fixture
def with_container(document: Document) -> Callable[..., Document]:
    """Return the document whose container has more fields."""

    def build(**fields: Any) -> Document:
        made = copy.deepcopy(document)
        made["spec"]["template"]["spec"]["containers"][0].update(fields)
        return made

    return build


@pytest.fixture
def with_pod(document: Document) -> Callable[..., Document]:
    """Return the document whose pod has more fields."""

    def build(**fields: Any) -> Document:
        made = copy.deepcopy(document)
        made["spec"]["template"]["spec"].update(fields)
        return made

    return build


@pytest.fixture
def read() -> Callable[..., LocalRelease]:
    return lambda *documents: read_release(documents)


@pytest.fixture
def deployment() -> Callable[[Document], Deployment]:
    """Parse a document and return its only Deployment."""

    def parse(document: Document) -> Deployment:
        [found] = read_release([document]).deployments
        return found

    return parse


@pytest.fixture
def refuse() -> Callable[..., str]:
    """Return the sentence with which a document is refused."""

    def read_refused(*documents: Document) -> str:
        with pytest.raises(ConfigurationError) as caught:
            read_release(documents)
        assert caught.value.exit_code == 2
        return str(caught.value)

    return read_refused
