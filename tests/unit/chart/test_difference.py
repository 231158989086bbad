"""Objects compared as objects."""

from typing import Any

import pytest

from flaskship.chart.difference import MASK, Change, Difference, FieldChange, compare, neutral

Json = dict[str, Any]


def thing(kind: str, name: str, application: str | None = "shop-api", **more: Any) -> Json:
    labels = {"app.kubernetes.io/name": application} if application else {}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "labels": labels}, **more}


def deployment(name: str = "shop-api", *, env: list[Json] | None = None, **spec: Any) -> Json:
    container = {"name": name, "image": "shop:1", "env": env or []}
    template = {"spec": {"containers": [container]}}
    return thing("Deployment", name, name, spec={"template": template, **spec})


def fields(before: Json, after: Json) -> list[FieldChange]:
    (change,) = compare([before], [after]).changes
    return list(change.fields)


def test_equal_objects_in_any_order_change_nothing() -> None:
    one, two = deployment(), deployment("shop-worker")
    assert compare([one, two], [two, one]) == Difference((), ("shop-api", "shop-worker"))


def test_who_set_which_field_is_no_field_that_changes() -> None:
    live = deployment()
    live["metadata"] = {**live["metadata"], "managedFields": [{"manager": "Terraform"}]}
    assert compare([live], [deployment()]).changes == ()
    assert fields(live, deployment(paused=True)) == [FieldChange("spec.paused", None, True)]


def test_a_changed_field_is_named_by_its_path() -> None:
    assert fields(deployment(replicas=1), deployment(replicas=2)) == [FieldChange("spec.replicas", 1, 2)]


def test_entries_with_names_are_compared_by_name_and_not_by_place() -> None:
    before = deployment(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    after = deployment(env=[{"name": "B", "value": "2"}, {"name": "A", "value": "3"}])
    path = "spec.template.spec.containers[shop-api].env[A].value"
    assert fields(before, after) == [FieldChange(path, "1", "3")]


def test_an_order_that_only_differs_changes_nothing() -> None:
    first, second = {"name": "A", "value": "1"}, {"name": "B", "value": "2"}
    assert not compare([deployment(env=[first, second])], [deployment(env=[second, first])]).changes


def test_objects_come_and_go_by_application_with_the_rest_last() -> None:
    found = compare(
        [deployment("a-api"), thing("Ingress", "in", None)],
        [deployment("b-api"), thing("Ingress", "out", None)],
    )
    assert [(one.application, one.kind, one.name, one.change) for one in found.changes] == [
        ("a-api", "Deployment", "a-api", Change.REMOVED),
        ("b-api", "Deployment", "b-api", Change.ADDED),
        (None, "Ingress", "in", Change.REMOVED),
        (None, "Ingress", "out", Change.ADDED),
    ]
    assert found.applications == ("a-api", "b-api", None)


def test_an_application_whose_objects_are_equal_is_named() -> None:
    found = compare([deployment(), deployment("w")], [deployment(replicas=3), deployment("w")])
    assert found.unchanged == ("w",)
    assert found.applications == ("shop-api",)


def test_a_configuration_of_another_content_is_the_same_object_in_a_new_generation() -> None:
    found = fields(
        thing("ConfigMap", "shop-config-0123456789", data={"A": "1"}),
        thing("ConfigMap", "shop-config-abcdef0123", data={"A": "2"}),
    )
    assert [one.path for one in found] == ["data.A", "metadata.name"]


def test_two_generations_at_once_are_two_objects() -> None:
    old = thing("ConfigMap", "shop-config-0123456789", data={"A": "1"})
    new = thing("ConfigMap", "shop-config-abcdef0123", data={"A": "2"})
    (change,) = compare([old], [old, new]).changes
    assert (change.name, change.change) == ("shop-config-abcdef0123", Change.ADDED)


def test_only_configurations_have_generations() -> None:
    found = compare([deployment("shop-0123456789")], [deployment("shop-abcdef0123")])
    assert {one.change for one in found.changes} == {Change.ADDED, Change.REMOVED}


@pytest.mark.parametrize("part", ["data", "stringData"])
def test_what_a_secret_holds_is_never_shown(part: str) -> None:
    found = fields(thing("Secret", "s", **{part: {"k": "old"}}), thing("Secret", "s", **{part: {"k": "new"}}))
    assert found == [FieldChange("data.k", MASK, MASK, masked=True)]


@pytest.mark.parametrize("name", ["API_KEY", "db-password", "GITHUB_TOKEN", "DATABASE_URL", "clientSecret"])
def test_values_whose_name_is_that_of_a_secret_are_masked(name: str) -> None:
    old, new = ({"name": name, "value": value} for value in ("hunter2", "hunter3"))
    (changed,) = fields(deployment(env=[old]), deployment(env=[new]))
    assert (changed.before, changed.after, changed.masked) == (MASK, MASK, True)
    assert "hunter" not in str(compare([deployment(env=[])], [deployment(env=[new])]))
    assert "hunter" not in str(
        fields(thing("ConfigMap", "c", data={name: "hunter2"}), thing("ConfigMap", "c"))
    )


@pytest.mark.parametrize("name", ["API_KEY_FILE", "LOG_LEVEL", "secretName"])
def test_what_only_names_a_secret_is_shown(name: str) -> None:
    old, new = ({"name": name, "value": value} for value in ("/a", "/b"))
    (changed,) = fields(deployment(env=[old]), deployment(env=[new]))
    assert (changed.before, changed.after, changed.masked) == ("/a", "/b", False)


def test_credentials_inside_an_address_are_masked_wherever_they_stand() -> None:
    args = ["--to", "https://me:hunter2@host/x"]
    (changed,) = fields(deployment(args=[]), deployment(args=args))
    assert changed.after == ["--to", "https://***@host/x"]


def test_across_environments_the_names_of_release_and_namespace_do_not_count() -> None:
    one = thing("Deployment", "a", "a", spec={"release": "dev-apps"})
    one["metadata"]["namespace"] = "my-app-dev"
    two = thing("Deployment", "a", "a", spec={"release": "prod-apps"})
    two["metadata"]["namespace"] = "my-app-prod"
    assert compare([one], [two]).changes
    assert not compare(
        neutral([one], "dev-apps", "my-app-dev"), neutral([two], "prod-apps", "my-app-prod")
    ).changes


@pytest.mark.parametrize("broken", [{}, {"kind": "X"}, {"kind": "X", "metadata": None, "spec": None}])
def test_odd_objects_are_compared_too(broken: Json) -> None:
    assert compare([broken], [broken]).changes == ()
    assert compare([], [thing("X", "x"), broken]).changes


def test_a_secret_is_the_same_whether_its_texts_are_plain_or_encoded() -> None:
    rendered = {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}
    stored = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"password": "aHVudGVyMg=="}}
    assert compare([stored], [rendered]).changes == ()
    other = {**rendered, "stringData": {"password": "hunter3"}}
    (change,) = compare([stored], [other]).changes
    assert [(field.path, field.before, field.after) for field in change.fields] == [
        ("data.password", MASK, MASK)
    ]


def test_what_a_secret_holds_is_not_shown_where_the_other_side_has_nothing_at_all() -> None:
    (changed,) = fields(thing("Secret", "s"), thing("Secret", "s", data={"k": "aHVudGVyMg=="}))
    assert (changed.path, changed.after, changed.masked) == ("data", {"k": MASK}, True)


def test_what_helm_leaves_where_it_is_is_not_told_as_removed() -> None:
    kept = thing("ConfigMap", "c-config-0123456789")
    kept["metadata"] = {**kept["metadata"], "annotations": {"helm.sh/resource-policy": "keep"}}
    assert [one.change for one in compare([kept], []).changes] == [Change.KEPT]
    assert [one.change for one in compare([], [kept]).changes] == [Change.ADDED]
    assert [one.change for one in compare([kept], [], keeps=False).changes] == [Change.REMOVED]
    assert [one.change for one in compare([thing("ConfigMap", "c")], []).changes] == [Change.REMOVED]


def test_neither_bytes_nor_what_kubectl_noted_nor_the_lines_of_a_settings_file_are_shown() -> None:
    noted = '{"kind": "Secret", "stringData": {"plain": "%s"}}'
    sides = [
        thing("ConfigMap", "c", data={"app.ini": f"a = 1\npassword = {word}"}, binaryData={"b": word})
        | {"metadata": {"name": "c", "annotations": {"kubectl.kubernetes.io/last-applied": noted % word}}}
        for word in ("hunter2", "hunter3")
    ]
    found = fields(sides[0], sides[1])
    assert len(found) == 3
    assert not [one for one in found if "hunter" in str(one)]
