"""_applications.tpl: defaults, then the role, then the application, merged once for all templates."""

import json
from pathlib import Path

import pytest

from flaskship.chart.helm import parse_values
from flaskship.chart.layers import merge

VALUES = Path(__file__).resolve().parents[4] / "infra" / "helmchart" / "values.yaml"
API = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.parametrize(
    ("name", "role"),
    [("jobs-worker", "worker"), ("the-admin", "admin"), ("shop", "api"), ("my-thing", "api")],
)
def test_the_role_is_the_last_word_of_the_name(render, name: str, role: str) -> None:
    assert render(f"applications:\n  {name}: {{}}\n").env(name)["APP_ROLE"] == role


@pytest.mark.override
def test_the_role_may_be_said(render) -> None:
    assert render("applications:\n  shop: {role: worker}\n").env("shop")["APP_ROLE"] == "worker"


@pytest.mark.bad
def test_a_role_that_is_not_there_is_refused(refused) -> None:
    assert "there is no role boss; the roles are admin, api, monitoring, worker" in refused(
        API + "role: boss\n", line=3
    )


@pytest.mark.override
def test_null_deletes_an_inherited_limit(render) -> None:
    limits = render(API + "resources: {limits: {cpu: null}}\n").container()["resources"]["limits"]
    assert limits == {"memory": "512Mi"}


def test_null_where_the_chart_needs_a_value_is_refused(refused) -> None:
    assert (
        refused(API + "image: null\n", line=3)
        == "applications.my-tomorrows-api.image: is required and missing"
    )


@pytest.mark.parametrize("name", ["on", "yes", "null", "e1", "y"])
def test_names_that_yaml_reads_otherwise_stay_names(render, name: str) -> None:
    assert name in render(f"applications:\n  '{name}': {{}}\n").all("Deployment")


@pytest.mark.bad
@pytest.mark.parametrize("name", ["My-App", "a" * 53, "-a", "a_b", "ünï", "1a", "a."])
def test_names_that_kubernetes_refuses_are_refused(refused, name: str) -> None:
    assert "applications." in refused(f"applications:\n  '{name}': {{}}\n", line=2)


@pytest.mark.bad
def test_a_misspelt_key_names_the_nearest(refused) -> None:
    assert "unknown key; did you mean resources?" in refused(API + "resorces: {}\n", line=3)


@pytest.mark.on
def test_defaults_then_the_role_then_the_application(render) -> None:
    text = (
        "defaults: {config: {A: one, B: one, C: one}}\nroles: {api: {config: {B: two, C: two}}}\n"
        "applications: {my-tomorrows-api: {config: {C: three}}}\n"
    )
    api, worker = (render(text).settings(f"my-tomorrows-{name}") for name in ("api", "worker"))
    assert [api[key] for key in "ABC"] == ["one", "two", "three"]
    assert [worker[key] for key in "ABC"] == ["one", "one", "one"]


@pytest.mark.on
def test_the_list_of_the_guide_means_what_the_map_means(render) -> None:
    listed = "applications:\n  - {name: shop-api, replicas: 2}\n  - {name: shop-worker, enabled: false}\n"
    mapped = "applications:\n  shop-api: {replicas: 2}\n  shop-worker: {enabled: false}\n"
    theirs, ours = render(listed), render(mapped)
    assert theirs.one("Deployment", "shop-api") == ours.one("Deployment", "shop-api")
    assert "shop-worker" not in theirs.rendered.manifests + ours.rendered.manifests


@pytest.mark.off
def test_defaults_may_be_off_and_one_application_on(render) -> None:
    text = "defaults: {enabled: false}\napplications: {my-tomorrows-worker: {enabled: false}, x-worker: {}}\n"
    assert list(render(text).all("Deployment")) == ["my-tomorrows-api"]


KEYS = sorted(parse_values(VALUES.read_text(), VALUES)["defaults"])


@pytest.mark.override
@pytest.mark.parametrize("key", KEYS)
def test_who_says_what_it_would_inherit_changes_nothing(render, key: str) -> None:
    # Rules and texts are asked once for what a role hands on: a group that reads a key which it does not name
    # would miss what is not made yet, or take what was made of other values.
    apart = "networkPolicy: {databaseCidrs: [10.0.0.0/8]}\nsecrets: {provider: existing}\n"
    apart += "ingress: {enabled: false}\napplications:\n"
    twins = "".join(f"  {name}: {{}}\n" for name in ("a-api", "b-api", "a-worker", "b-worker"))
    plain = render(f"{apart}{twins}", environment="prod")
    merged = plain.layered.merged
    for named in (("a-api", "a-worker"), ("b-api", "b-worker")):
        said = {}
        for name in named:
            role = merged["roles"][name.partition("-")[2]]
            said[name] = {key: merge(merged["defaults"], role)[key]}
        if key == "replicas":
            # Beside autoscaling they are refused where anybody says them.
            said = {name: {**own, "autoscaling": {"enabled": False}} for name, own in said.items()}
        text = f"{apart}{twins}"
        for name, own in said.items():
            text = text.replace(f"  {name}: {{}}\n", f"  {name}: {json.dumps(own)}\n")
        again = render(text, environment="prod")
        if key == "replicas":
            assert again.one("Deployment", named[0])["spec"]["replicas"] == said[named[0]]["replicas"]
        else:
            assert again.rendered.documents == plain.rendered.documents
