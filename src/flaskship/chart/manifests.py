"""What Helm does after the templates: split the files into documents, sort them, put hooks last."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flaskship.chart import helm
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location

HOOK = "helm.sh/hook"

_SEPARATOR = re.compile(r"^---[ \t]*", re.MULTILINE)

_INSTALL_ORDER = {
    kind: index
    for index, kind in enumerate(
        (
            "PriorityClass",
            "Namespace",
            "NetworkPolicy",
            "ResourceQuota",
            "LimitRange",
            "PodSecurityPolicy",
            "PodDisruptionBudget",
            "ServiceAccount",
            "Secret",
            "SecretList",
            "ConfigMap",
            "StorageClass",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "CustomResourceDefinition",
            "ClusterRole",
            "ClusterRoleList",
            "ClusterRoleBinding",
            "ClusterRoleBindingList",
            "Role",
            "RoleList",
            "RoleBinding",
            "RoleBindingList",
            "Service",
            "DaemonSet",
            "Pod",
            "ReplicationController",
            "ReplicaSet",
            "Deployment",
            "HorizontalPodAutoscaler",
            "StatefulSet",
            "Job",
            "CronJob",
            "IngressClass",
            "Ingress",
            "APIService",
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        )
    )
}


@dataclass(frozen=True, slots=True)
class Document:
    """One object of the rendered chart, with the template that made it."""

    source: str
    text: str
    content: Mapping[str, Any]

    @property
    def is_hook(self) -> bool:
        """Whether Helm runs it at an event instead of installing it."""
        annotations = (self.content.get("metadata") or {}).get("annotations") or {}
        return HOOK in annotations


def arrange(files: Mapping[str, str]) -> tuple[Document, ...]:
    """The documents in the order in which Helm installs and prints them: by kind, hooks after all others."""
    documents = [
        document
        for source in sorted(files)
        if not source.rpartition("/")[2].startswith("_") and not source.endswith("NOTES.txt")
        for document in _split(source, files[source])
    ]
    documents.sort(key=_rank)
    return tuple(documents)


def printed(documents: Iterable[Document]) -> str:
    """The text that `helm template` prints for them."""
    plain = "".join(_block(document) for document in documents if not document.is_hook)
    hooks = "".join(_block(document) for document in documents if document.is_hook)
    return plain.strip() + "\n" + hooks


def _block(document: Document) -> str:
    return f"---\n# Source: {document.source}\n{document.text}\n"


def _rank(document: Document) -> tuple[bool, int, str]:
    kind = str(document.content.get("kind", ""))
    known = _INSTALL_ORDER.get(kind)
    # Kinds that Helm does not know come last, by name.
    return (document.is_hook, len(_INSTALL_ORDER), kind) if known is None else (document.is_hook, known, "")


def _split(source: str, text: str) -> Iterable[Document]:
    for part in _SEPARATOR.split(text.lstrip()):
        if part.strip():
            body = part.lstrip()
            yield Document(source, body, _parse(source, body))


def _parse(source: str, text: str) -> Mapping[str, Any]:
    try:
        content = helm.parse_yaml(text)
    except helm.InvalidYamlError as error:
        shown = f": {_line(text, error.line)!r}" if error.line else ""
        raise ConfigurationError(
            f"the template's output is not valid YAML ({error}){shown}",
            location=Location(source),
            hint="a value that needs quotes, or a template that indents wrongly",
        ) from None
    if content and not content.get("kind"):
        raise ConfigurationError(
            f"the template's output is no Kubernetes object: {text.strip()[:80]!r}", location=Location(source)
        )
    return content


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1].strip()[:100] if number <= len(lines) else ""
