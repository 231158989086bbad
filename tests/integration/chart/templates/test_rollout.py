"""rollout.yaml: canary and blue-green by Argo Rollouts, from the same pod template."""

import pytest

API = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.on
def test_a_canary_shifts_requests_step_by_step(render) -> None:
    release = render(API + "strategy: {type: Canary}\n")
    assert "my-tomorrows-api" not in release.all("Deployment")
    spec = release.one("Rollout")["spec"]
    assert spec["strategy"]["canary"] == {
        "canaryService": "my-tomorrows-api-canary",
        "maxSurge": 1,
        "maxUnavailable": 0,
        "steps": [
            {"setWeight": 10},
            {"pause": {"duration": "60s"}},
            {"setWeight": 50},
            {"pause": {"duration": "60s"}},
        ],
    }
    assert release.one("Service", "my-tomorrows-api-canary")["spec"]["type"] == "ClusterIP"
    assert "nodePort" not in release.one("Service", "my-tomorrows-api-canary")["spec"]["ports"][0]


@pytest.mark.on
def test_users_meet_the_canary_by_its_share_of_the_replicas(render) -> None:
    """A stableService would keep every request from it: the Service that users ask stays everybody's."""
    release = render(API + "strategy: {type: Canary}\n")
    plain = render().one("Service", "my-tomorrows-api")["spec"]["selector"]
    assert release.one("Service", "my-tomorrows-api")["spec"]["selector"] == plain


@pytest.mark.parametrize(
    ("strategy", "steered"),
    [
        ("Canary", ["my-tomorrows-api-canary"]),
        ("BlueGreen", ["my-tomorrows-api", "my-tomorrows-api-preview"]),
    ],
)
def test_what_the_controller_selects_is_left_to_it(render, strategy: str, steered: list[str]) -> None:
    services = render(API + f"strategy: {{type: {strategy}}}\n").all("Service")
    assert sorted(name for name, one in services.items() if "selector" not in one["spec"]) == steered


@pytest.mark.on
def test_blue_green_has_a_preview(render) -> None:
    release = render(API + "strategy: {type: BlueGreen, blueGreen: {autoPromotion: false}}\n")
    assert release.one("Rollout")["spec"]["strategy"]["blueGreen"] == {
        "activeService": "my-tomorrows-api",
        "previewService": "my-tomorrows-api-preview",
        "autoPromotionEnabled": False,
        "scaleDownDelaySeconds": 30,
    }
    assert "my-tomorrows-api-preview" in release.all("Service")


def test_the_pods_are_those_of_the_deployment(render) -> None:
    rolled = render(API + "strategy: {type: Canary}\n").one("Rollout")["spec"]["template"]
    assert rolled == render().one("Deployment")["spec"]["template"]


@pytest.mark.override
def test_a_step_without_a_pause_waits_for_a_person(render) -> None:
    steps = "{type: Canary, canary: {steps: [{weight: 5}]}}"
    spec = render(API + f"strategy: {steps}\n").one("Rollout")["spec"]
    assert spec["strategy"]["canary"]["steps"] == [{"setWeight": 5}, {"pause": {}}]


def test_the_scalers_follow_the_workload(render) -> None:
    release = render(API + "strategy: {type: Canary}\n", environment="prod")
    target = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "my-tomorrows-api"}
    assert release.one("HorizontalPodAutoscaler", "my-tomorrows-api-hpa")["spec"]["scaleTargetRef"] == target
    assert release.one("VerticalPodAutoscaler", "my-tomorrows-api-vpa")["spec"]["targetRef"] == target


@pytest.mark.off
def test_no_environment_needs_argo_rollouts_by_itself(render) -> None:
    for environment in ("dev", "staging", "prod"):
        assert not render(environment=environment).all("Rollout")


@pytest.mark.bad
def test_requests_cannot_move_without_services(refused) -> None:
    text = API + "strategy: {type: Canary}\n    service: {enabled: false, nodePort: null}\n"
    assert "moves requests between two services" in refused(text, line=3)


@pytest.mark.bad
@pytest.mark.parametrize(
    "strategy",
    ["{type: Cannary}", "{canary: {steps: []}}", "{canary: {steps: [{weight: 101}]}}", "{bluegreen: {}}"],
)
def test_a_strategy_that_cannot_be_is_refused(refused, strategy: str) -> None:
    assert "applications.my-tomorrows-api.strategy" in refused(API + f"strategy: {strategy}\n", line=3)
