"""extraobjects.yaml: whole objects for what values cannot say."""

import pytest

ONE = "{apiVersion: v1, kind: LimitRange, metadata: {name: x}, spec: {limits: []}}"


@pytest.mark.on
def test_whole_objects_for_the_rest(render) -> None:
    assert render(f"extraObjects:\n  - {ONE}\n").one("LimitRange", "x")["spec"] == {"limits": []}


@pytest.mark.off
def test_nobody_needs_them(render) -> None:
    plain, empty = render(), render("extraObjects: []\n")
    assert plain.rendered.manifests == empty.rendered.manifests
    assert "extraobjects.yaml" not in plain.rendered.manifests


@pytest.mark.override
def test_a_later_list_takes_the_place_of_an_earlier_one(render) -> None:
    release = render(f"extraObjects: [{ONE}]\n", "extraObjects[0].metadata.name=y")
    assert list(release.all("LimitRange")) == ["y"]


@pytest.mark.bad
@pytest.mark.parametrize("text", ["{kind: X}", "x", "{apiVersion: v1, kind: X, metadata: y}"])
def test_what_is_no_object_is_refused(refused, text: str) -> None:
    assert "extraObjects[0]" in refused(f"extraObjects:\n  - {text}\n")
