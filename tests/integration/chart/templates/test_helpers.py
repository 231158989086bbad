"""_helpers.tpl: the metadata of the objects that belong to no application, and the restricted contexts."""

import pytest


def shared(release) -> list[object]:
    """The objects of an environment that carry no application's name."""
    objects = [*release.rendered.documents, *release.rendered.hooks]
    return [one for one in objects if "app.kubernetes.io/name" not in one["metadata"]["labels"]]


@pytest.mark.on
def test_what_is_shared_says_whose_it_is(render) -> None:
    found = shared(render(environment="prod"))
    assert {one["kind"] for one in found} >= {"Ingress", "NetworkPolicy", "PriorityClass", "SecretStore"}
    for one in found:
        assert one["metadata"]["labels"]["app.kubernetes.io/instance"] == "prod-apps"
        assert one["metadata"]["labels"]["app.kubernetes.io/part-of"] == "my-app"
        assert one["metadata"]["annotations"]["flaskship.dev/writer"] == "cli"
        assert ("namespace" in one["metadata"]) is (one["kind"] != "PriorityClass")


@pytest.mark.override
def test_writer_and_owner_are_values(render) -> None:
    for one in shared(render("writer: terraform\npartOf: shop\n", environment="prod")):
        assert one["metadata"]["annotations"]["flaskship.dev/writer"] == "terraform"
        assert one["metadata"]["labels"]["app.kubernetes.io/part-of"] == "shop"


@pytest.mark.bad
@pytest.mark.parametrize("text", ["writer: me", "writer: null", "partOf: ''", "partOf: 5"])
def test_metadata_that_cannot_be_is_refused(refused, text: str) -> None:
    assert text.partition(":")[0] in refused(text + "\n", line=1)
