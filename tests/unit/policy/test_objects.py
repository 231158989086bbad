"""Objects: whose they are, what a List holds, what wrong types are."""

from flaskship.model.project import Environment
from flaskship.policy.context import Context
from flaskship.policy.node import Node
from flaskship.policy.objects import Object, matches, parse_objects


def test_an_object_belongs_to_the_application_of_its_label_or_its_name() -> None:
    label = {"app.kubernetes.io/name": "shop"}
    given = (
        {"kind": "A", "metadata": {"name": "x", "labels": label}},
        {"kind": "B", "metadata": {"name": "shop-hpa"}},
        {"kind": "C", "metadata": {"name": "shop-till-pdb"}},
        {"kind": "D", "metadata": {"name": "shopping"}},
        {"kind": "E", "metadata": {"name": "y", "labels": {"app.kubernetes.io/name": "stranger"}}},
    )
    found = parse_objects(given, ("shop", "shop-till"))
    assert [one.application for one in found] == ["shop", "shop", "shop-till", None, None]


def test_a_list_is_its_items_and_empty_documents_are_none() -> None:
    items = [{"kind": "Pod", "metadata": {"name": "a"}}, {"kind": "Pod", "metadata": {"name": "b"}}]
    found = parse_objects(({"kind": "List", "items": items}, {}), ())
    assert [one.id for one in found] == ["Pod/a", "Pod/b"]


def test_wrong_types_read_as_nothing() -> None:
    odd = Object(Node({"kind": 7, "metadata": "x", "spec": []}), None)
    assert (odd.kind, odd.name, odd.namespace, odd.labels, odd.pod) == ("", "", None, {}, None)
    assert Node(True).number is None
    assert Node(2.0).number == 2
    assert Node(2.5).number is None
    assert Node("x").truth is None
    assert Node(["a", 1]).texts == ("a",)


def test_a_path_is_written_as_set_reads_it() -> None:
    node = Node({"metadata": {"labels": {"app.kubernetes.io/name": "x"}}, "spec": {"list": [{"a": 1}]}})
    assert (
        node.at("metadata", "labels", "app.kubernetes.io/name").path
        == "metadata.labels.app\\.kubernetes\\.io/name"
    )
    [item] = node.at("spec", "list").items()
    assert item.at("a").path == "spec.list[0].a"
    assert node.at("nothing", "there").path == "nothing.there"


def test_a_containers_own_security_context_wins_over_the_pods() -> None:
    pod = {
        "securityContext": {"runAsUser": 1, "runAsNonRoot": True},
        "containers": [{"name": "a", "securityContext": {"runAsUser": 2}}],
    }
    [one] = parse_objects(({"kind": "Pod", "metadata": {"name": "p"}, "spec": pod},), ())
    assert one.pod
    [container] = one.pod.containers
    assert container.security("runAsUser").number == 2
    assert container.security("runAsNonRoot").truth is True
    assert container.security("runAsNonRoot").path == "spec.containers[0].securityContext.runAsNonRoot"


def test_an_empty_selector_matches_everything_and_a_missing_label_nothing() -> None:
    assert matches({}, {"a": "b"})
    assert matches({"a": "b"}, {"a": "b", "c": "d"})
    assert not matches({"a": "b"}, {"c": "b"})


def test_a_service_that_a_rollout_steers_leads_to_its_pods() -> None:
    labels = {"app": "shop"}
    rollout = {
        "kind": "Rollout",
        "metadata": {"name": "shop"},
        "spec": {
            "selector": {"matchLabels": labels},
            "strategy": {"blueGreen": {"activeService": "front"}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "shop"}]}},
        },
    }
    services = [{"kind": "Service", "metadata": {"name": name}, "spec": {}} for name in ("front", "other")]
    place = Environment("prod", "market", "market", "kubernetes", "prod", "staging", "cli")
    context = Context(place, parse_objects((rollout, *services), ("shop",)))
    front, other = context.of("Service")
    assert [pod.owner.id for pod in context.selected_by(front)] == ["Rollout/shop"]
    assert context.selected_by(other) == ()
