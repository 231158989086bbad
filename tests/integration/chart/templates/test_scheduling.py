"""_scheduling.tpl: where the pods of an application may run, and before whom."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.on
def test_prod_spreads_over_zones_and_ranks_its_workloads(render) -> None:
    release = render(environment="prod")
    (spread,) = release.pod()["topologySpreadConstraints"]
    assert spread["topologyKey"] == "topology.kubernetes.io/zone"
    assert spread["labelSelector"]["matchLabels"]["app.kubernetes.io/name"] == "my-tomorrows-api"
    assert release.pod()["priorityClassName"] == "my-app-critical"
    assert release.pod("my-tomorrows-worker")["priorityClassName"] == "my-app-normal"


def test_a_priority_that_is_not_there_is_refused(refused) -> None:
    text = API + "scheduling: {priority: high}\n"
    assert "there is no class high; priorityClasses.classes has critical, low, normal" in refused(
        text, line=3
    )


def test_spot_tolerates_and_prefers_and_limits_the_grace(render, refused) -> None:
    pod = render(API + "scheduling: {spot: true}\n").pod()
    assert pod["tolerations"][0]["value"] == "SPOT"
    assert pod["affinity"]["nodeAffinity"]
    long = API + "scheduling: {spot: true}\n    terminationGracePeriodSeconds: 300\n"
    assert "two minutes after its notice" in refused(long, line=4)


@pytest.mark.off
def test_dev_asks_for_no_place(render) -> None:
    pod = render().pod()
    for key in ("topologySpreadConstraints", "priorityClassName", "tolerations", "affinity", "nodeSelector"):
        assert key not in pod


@pytest.mark.override
def test_ones_own_affinity_and_tolerations_are_taken(render) -> None:
    toleration = {"key": "gpu", "operator": "Exists"}
    terms = "[{matchExpressions: [{key: disk, operator: Exists}]}]"
    required = f"{{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: {terms}}}}}"
    affinity = f"{{nodeAffinity: {required}}}"
    own = (
        f"{{scheduling: {{spot: true}}, affinity: {affinity}, tolerations: [{{key: gpu, operator: Exists}}]}}"
    )
    pod = render(f"applications: {{my-tomorrows-api: {own}}}\n").pod()
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required["nodeSelectorTerms"][0]["matchExpressions"][0]["key"] == "disk"
    assert [one["key"] for one in pod["tolerations"]] == ["eks.amazonaws.com/capacityType", "gpu"]
    assert pod["tolerations"][1] == toleration


@pytest.mark.bad
@pytest.mark.parametrize(
    "text",
    [
        "topologySpread: {maxSkew: 0}",
        "tolerations: [{keey: a}]",
        "scheduling: {spott: true}",
        "nodeSelector: [a]",
    ],
)
def test_a_place_that_cannot_be_is_refused(refused, text: str) -> None:
    assert "applications.my-tomorrows-api." in refused(API + text + "\n", line=3)


SPOT = "eks.amazonaws.com/capacityType"


@pytest.mark.override
def test_spot_is_preferred_beside_ones_own_affinity(render) -> None:
    apart = "podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone}]}"
    nodes = (
        "nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: "
        "[{weight: 5, preference: {matchExpressions: [{key: disk, operator: Exists}]}}]}"
    )
    for own, weights in ((apart, [100]), (f"{apart}, {nodes}", [100, 5])):
        affinity = render(API + f"scheduling: {{spot: true}}\n    affinity: {{{own}}}\n").pod()["affinity"]
        preferred = affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
        assert [one["weight"] for one in preferred] == weights
        assert preferred[0]["preference"]["matchExpressions"][0]["key"] == SPOT
        assert affinity["podAntiAffinity"]


@pytest.mark.bad
def test_spot_beside_a_requirement_of_other_nodes_says_two_things(render, refused) -> None:
    def own(values: str) -> str:
        terms = f"[{{matchExpressions: [{{key: {SPOT}, operator: In, values: [{values}]}}]}}]"
        required = f"{{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: {terms}}}}}"
        return API + f"scheduling: {{spot: true}}\n    affinity: {{nodeAffinity: {required}}}\n"

    assert "scheduling.spot asks for those; remove one of them" in refused(own("ON_DEMAND"), line=3)
    assert render(own("SPOT")).pod()["affinity"]["nodeAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
