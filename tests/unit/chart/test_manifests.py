import pytest

from flaskship.chart.manifests import arrange, printed
from flaskship.model.errors import ConfigurationError


def an_object(kind: str, name: str, extra: str = "") -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n{extra}"


HOOK = '  annotations: {"helm.sh/hook": test}\n'


def order(files: dict[str, str]) -> list[str]:
    return [
        f"{document.content['kind']}/{document.content['metadata']['name']}" for document in arrange(files)
    ]


def test_kinds_go_in_the_order_of_installation_and_files_by_name() -> None:
    files = {
        "c/templates/z.yaml": an_object("Deployment", "d") + "---\n" + an_object("Secret", "s"),
        "c/templates/a.yaml": an_object("Service", "v") + "---\n" + an_object("Deployment", "a"),
    }
    assert order(files) == ["Secret/s", "Service/v", "Deployment/a", "Deployment/d"]


def test_kinds_that_helm_does_not_know_come_last_by_name() -> None:
    files = {"c/t.yaml": "\n---\n".join(an_object(kind, "x") for kind in ("Zoo", "Ark", "Ingress"))}
    assert order(files) == ["Ingress/x", "Ark/x", "Zoo/x"]


def test_hooks_come_after_all_others() -> None:
    files = {"c/t.yaml": an_object("Pod", "test", HOOK) + "---\n" + an_object("Zoo", "z")}
    documents = arrange(files)
    assert [document.is_hook for document in documents] == [False, True]


def test_partials_notes_and_empty_documents_are_no_objects() -> None:
    files = {"c/_x.tpl": "text", "c/NOTES.txt": "hello", "c/t.yaml": "\n---\n\n---\n", "c/u.yaml": "  "}
    assert arrange(files) == ()


def test_the_text_is_that_of_helm_template() -> None:
    files = {"c/t.yaml": "\n---\n" + an_object("Pod", "a") + "---\n" + an_object("Pod", "h", HOOK)}
    assert printed(arrange(files)) == (
        "---\n# Source: c/t.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"
        "---\n# Source: c/t.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: h\n" + HOOK + "\n"
    )


def test_invalid_yaml_is_named_with_its_template_and_line() -> None:
    with pytest.raises(ConfigurationError, match="not valid YAML") as caught:
        arrange({"c/templates/t.yaml": an_object("Pod", "a") + "spec: a: b\n"})
    assert "spec: a: b" in caught.value.message
    assert str(caught.value.location) == "c/templates/t.yaml"


def test_what_has_no_kind_is_no_object() -> None:
    with pytest.raises(ConfigurationError, match="no Kubernetes object"):
        arrange({"c/t.yaml": "a: 1\n"})


def test_a_list_is_no_object() -> None:
    with pytest.raises(ConfigurationError, match="not a map"):
        arrange({"c/t.yaml": "- a\n"})


def test_text_in_the_middle_of_a_line_separates_nothing() -> None:
    files = {"c/t.yaml": an_object("ConfigMap", "a", "data: {x: 'a --- b'}\n")}
    assert order(files) == ["ConfigMap/a"]
