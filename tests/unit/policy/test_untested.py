"""What one environment has and the other lacks: applications, kinds, fields, choices, variables, features."""

from dataclasses import replace

import pytest
from tests.unit.policy.market import APPLICATIONS, Change, market

from flaskship.policy.kubernetes.table import load_table
from flaskship.policy.untested import deltas

C = "Deployment/shop spec template spec containers 0"


def names(here: Change, there: Change | None = None) -> list[str]:
    return [one.name for one in deltas(load_table(), market(here), market(there))]


def test_equal_environments_have_no_delta_and_neither_has_the_smaller_one() -> None:
    assert names(Change()) == []
    assert names(Change(remove=("VerticalPodAutoscaler/till-vpa", "Deployment/till"))) == []


@pytest.mark.parametrize(
    ("lacking", "name"),
    [
        (Change(remove=("VerticalPodAutoscaler/till-vpa",)), "VerticalPodAutoscaler"),
        (Change(set={f"{C} startupProbe": None}), "Deployment spec.template.spec.containers.startupProbe"),
        (Change(set={"Service/till spec type": "ClusterIP"}), "Service spec.type=NodePort"),
        (Change(set={f"{C} env +": {"name": "A", "value": "1"}}), None),
        (Change(set={f"{C} env 0 name": "LOGGING"}), "variable LOG_LEVEL of shop"),
        (Change(remove=("Deployment/shop",)), "application shop"),
    ],
)
def test_what_the_other_lacks_is_named(lacking: Change, name: str | None) -> None:
    told = names(Change(), lacking)
    assert (name in told) if name else told == []


def config_map(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"KEY": "a"}}


def test_an_object_of_no_application_is_told_by_its_name_whatever_it_holds() -> None:
    here = Change(add=(config_map("ours"), config_map("extra"), config_map("generated-0123456789")))
    there = Change(add=(config_map("ours"), config_map("generated-9876543210")))
    assert names(here, there) == ["ConfigMap extra"]
    assert names(there, here) == []


def test_of_an_object_whose_kind_is_not_there_the_kind_is_told() -> None:
    here = Change(add=({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}},))
    assert names(here) == ["LimitRange"]


def test_what_another_application_exercises_is_not_exercised_by_this_one() -> None:
    field = "spec template spec containers 0 terminationMessagePath"
    both = {f"Deployment/{one} {field}": "/log" for one in ("shop", "till")}
    name = "Deployment spec.template.spec.containers.terminationMessagePath"
    assert names(Change(set=both), Change(set={f"Deployment/till {field}": "/log"})) == [f"{name} of shop"]
    assert names(Change(set=both)) == [name]
    assert names(Change(), Change(remove=("PodDisruptionBudget/shop-pdb",)))[:1] == [
        "PodDisruptionBudget of shop"
    ]


@pytest.mark.parametrize(
    ("path", "entry", "name"),
    [
        (f"{C} volumeMounts +", {"name": "x", "mountPath": "/x"}, "containers.volumeMounts x"),
        ("Deployment/shop spec template spec volumes +", {"name": "x", "emptyDir": {}}, "volumes x"),
        ("Deployment/shop spec template spec initContainers +", {"name": "x"}, "initContainers x"),
        ("Deployment/shop spec template spec serviceAccountName", "till", "serviceAccountName=till"),
        (f"{C} envFrom +", {"secretRef": {"name": "x"}}, "containers.envFrom x"),
    ],
)
def test_entries_of_lists_and_free_choices_are_told_by_name_and_the_larger_alone(
    path: str, entry: object, name: str
) -> None:
    assert names(Change(set={path: entry})) == [f"Deployment spec.template.spec.{name}"]


def test_what_a_role_may_is_told_and_what_differs_by_environment_is_not() -> None:
    secrets = Change(set={"Role/shop-reader rules 0 resources +": "secrets"})
    assert names(secrets) == ["Role rules.resources secrets"]
    block = {"from": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]}
    assert names(Change(set={"NetworkPolicy/shop spec ingress 0 from": block["from"]})) == []
    assert names(Change(set={"Ingress/front spec rules 0 host": "other.example.com"})) == []
    outside = {"ipBlock": {"cidr": "10.9.0.0/16"}}
    assert names(Change(set={"NetworkPolicy/shop spec egress 0 to +": outside})) == [
        "NetworkPolicy spec.egress.to 10.9.0.0/16"
    ]


def test_a_missing_kind_is_told_with_its_choices_and_not_field_by_field() -> None:
    told = names(Change(), Change(remove=("VerticalPodAutoscaler/till-vpa",)))
    assert told == ["VerticalPodAutoscaler", "VerticalPodAutoscaler spec.updatePolicy.updateMode=Off"]


@pytest.mark.parametrize("mode", ["Initial", "Recreate"])
def test_what_a_missing_kind_chooses_has_a_name_of_its_own(mode: str) -> None:
    here = Change(set={"VerticalPodAutoscaler/till-vpa spec updatePolicy updateMode": mode})
    told = names(here, Change(remove=("VerticalPodAutoscaler/till-vpa",)))
    assert told[1:] == [f"VerticalPodAutoscaler spec.updatePolicy.updateMode={mode}"]


def test_a_class_is_told_with_its_value_which_is_no_amount() -> None:
    made = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1000000000}
    told = names(Change(add=({**made, "metadata": {"name": "first"}},)))
    assert told == ["PriorityClass", "PriorityClass value=1000000000"]


def test_what_is_on_inside_a_kind_that_another_application_has_there_is_told_beside_the_kind() -> None:
    there = Change(remove=("PodDisruptionBudget/shop-pdb",), add=(budget("till", "AlwaysAllow"),))
    assert names(Change(), there) == ["PodDisruptionBudget of shop"]
    other = {"PodDisruptionBudget/shop-pdb spec unhealthyPodEvictionPolicy": "IfHealthyBudget"}
    assert names(Change(set=other), there) == [
        "PodDisruptionBudget of shop",
        "PodDisruptionBudget spec.unhealthyPodEvictionPolicy=IfHealthyBudget",
    ]


def budget(application: str, policy: str) -> dict[str, object]:
    labels = {"app.kubernetes.io/name": application}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": f"{application}-pdb", "labels": labels},
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": labels},
            "unhealthyPodEvictionPolicy": policy,
        },
    }


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        (f"{C} env +", {"name": "NEW", "value": "x"}, "variable NEW of shop"),
        ("ConfigMap/shop-config data FEATURES", '{"zzz": true}', "feature zzz of shop"),
        (
            f"{C} env +",
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "x"}}},
            "variable KEY of shop",
        ),
        (
            "NetworkPolicy/shop spec egress 0 to +",
            {"ipBlock": {"cidr": "0.0.0.0/0"}},
            "NetworkPolicy spec.egress.to 0.0.0.0/0",
        ),
    ],
)
def test_what_is_on_inside_an_application_that_is_not_there_is_told_beside_it(
    path: str, value: object, name: str
) -> None:
    there = Change(remove=("Deployment/shop", "NetworkPolicy/shop", "ConfigMap/shop-config"))
    before = names(Change(), there)
    assert "application shop" in before
    assert [one for one in names(Change(set={path: value}), there) if one not in before][:1] == [name]


def test_a_secret_that_every_application_reads_there_is_told_of_one_that_is_not_there() -> None:
    secret = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "x"}}}
    plain = {"name": "WORD", "value": "x"}
    both = {f"Deployment/{one} spec template spec containers 0 env": [secret, plain] for one in APPLICATIONS}
    till = {path: env for path, env in both.items() if "till" in path}
    told = names(Change(set=both), Change(set=till, remove=("Deployment/shop",)))
    assert "variable KEY of shop" in told
    assert "variable WORD of shop" not in told


def test_a_feature_that_is_on_on_one_side_alone_is_told_and_one_that_is_off_on_both_is_not() -> None:
    here = Change(set={"ConfigMap/shop-config data FEATURES": '{"quick": true, "old": false, "no": false}'})
    there = Change(set={"ConfigMap/shop-config data FEATURES": '{"old": true, "no": false, "own": false}'})
    assert names(here, there) == ["feature old off of shop", "feature quick of shop"]


def test_a_feature_that_is_turned_off_is_told_where_the_other_has_it_by_its_default() -> None:
    here = Change(set={"ConfigMap/shop-config data FEATURES": '{"quick": true, "no": false}'})
    for there in ("{}", "{", '{"quick": true}'):
        told = names(here, Change(set={"ConfigMap/shop-config data FEATURES": there}))
        assert "feature no off of shop" in told
    (one,) = deltas(
        load_table(),
        market(Change(set={"ConfigMap/shop-config data FEATURES": '{"no": false}'})),
        market(Change(set={"ConfigMap/shop-config data FEATURES": "{}"})),
    )
    assert one.fault.setting == "features"


def test_one_resource_fewer_is_another_choice() -> None:
    at = "VerticalPodAutoscaler/till-vpa spec resourcePolicy"
    both = {"containerPolicies": [{"containerName": "till", "controlledResources": ["cpu", "memory"]}]}
    one = {"containerPolicies": [{"containerName": "till", "controlledResources": ["cpu"]}]}
    told = names(Change(set={at: one}), Change(set={at: both}))
    assert told == ["VerticalPodAutoscaler spec.resourcePolicy.containerPolicies.controlledResources=cpu"]
    assert names(Change(set={at: both}), Change(set={at: both})) == []


def test_a_way_to_secrets_that_leaves_nothing_in_the_manifests_is_told() -> None:
    sides = [replace(market(), ways={"secrets.provider": one}) for one in ("existing", "external")]
    (told,) = deltas(load_table(), *sides)
    assert (told.name, told.fault.setting) == ("secrets.provider=existing", ".secrets.provider")
    assert list(deltas(load_table(), sides[0], sides[0])) == []


def test_free_keys_and_list_positions_are_no_fields() -> None:
    here = Change(set={"Service/shop spec selector extra": "x", f"{C} args": ["--two", "--workers=2"]})
    there = Change(set={f"{C} args": ["--workers=2", "--two"]})
    assert names(here, there) == []


def test_a_choice_between_true_and_false_counts() -> None:
    here = Change(set={"Deployment/shop spec template spec enableServiceLinks": True})
    assert names(here) == ["Deployment spec.template.spec.enableServiceLinks=true"]


INGRESS = "Ingress/front metadata annotations"
POD = "Deployment/shop spec template metadata"
CONTAINER = "Deployment spec.template.spec.containers"


@pytest.mark.parametrize(
    ("path", "here", "there", "name"),
    [
        (INGRESS, {"a.b/waf": "arn:aws:1"}, {}, "Ingress annotation a.b/waf"),
        (INGRESS, {"a.b/scheme": "internal"}, {"a.b/scheme": "internet-facing"}, "=internal"),
        (INGRESS, {"a.b/on": "true"}, {"a.b/on": "false"}, "Ingress annotation a.b/on=true"),
        (
            INGRESS,
            {"a.b/attributes": "protected=true,idle=70"},
            {"a.b/attributes": "protected=false,idle=60"},
            "Ingress annotation a.b/attributes protected=true",
        ),
        (INGRESS, {"a.b/attributes": "new=1,old=2"}, {"a.b/attributes": "old=2"}, "a.b/attributes new"),
        (
            f"{POD} annotations",
            {"linkerd.io/inject": "enabled"},
            {"linkerd.io/inject": "disabled"},
            "Deployment spec.template annotation linkerd.io/inject=enabled",
        ),
        (f"{POD} labels mesh", "istio", "none", "Deployment spec.template label mesh=istio"),
        (f"{C} args", ["--reload"], ["--workers=2"], f"{CONTAINER}.args --reload"),
        (f"{C} args", ["--mode=fast"], ["--mode=slow"], f"{CONTAINER}.args --mode=fast"),
        (f"{C} args", ["--mode", "fast"], ["--mode", "slow"], f"{CONTAINER}.args --mode fast"),
        (f"{C} args", ["run", "jobs"], ["run"], f"{CONTAINER}.args jobs"),
        (
            f"{C} command",
            ["python", "-m", "x.new"],
            ["python", "-m", "x.old"],
            f"{CONTAINER}.command -m x.new",
        ),
        (f"{C} command", ["sh", "-c", "a && b"], ["sh", "-c", "a"], f"{CONTAINER}.command -c a && b"),
        (f"{C} readinessProbe httpGet path", "/deep", "/ready", "readinessProbe.httpGet.path=/deep"),
        (
            f"{C} resources limits",
            {"x.com/gpu": 1},
            {"memory": "1Mi"},
            f"{CONTAINER}.resources.limits x.com/gpu",
        ),
        (
            "Deployment/shop spec template spec nodeSelector",
            {"disk": "ssd"},
            {"disk": "hdd"},
            "Deployment spec.template.spec.nodeSelector disk=ssd",
        ),
        (
            "ExternalSecret/keys spec data +",
            {"secretKey": "new", "remoteRef": {"key": "x"}},
            {"secretKey": "api-key", "remoteRef": {"key": "y"}},
            "ExternalSecret spec.data new",
        ),
        ("Service/till spec ports 0 targetPort", 8000, 5000, "Service spec.ports.targetPort=8000"),
        (f"{C} env 0 value", "true", "false", "variable LOG_LEVEL=true of shop"),
    ],
)
def test_what_switches_something_is_told_wherever_it_stands(
    path: str, here: object, there: object, name: str
) -> None:
    told = names(Change(set={path: here}), Change(set={path: there}))
    assert any(name in one for one in told), told


@pytest.mark.parametrize(
    ("path", "here", "there"),
    [
        ("Ingress/front spec rules 0 host", "shop.example.com", "shop.staging.example.com"),
        (INGRESS, {"a.b/arn": "arn:aws:1"}, {"a.b/arn": "arn:aws:2"}),
        (INGRESS, {"a.b/seconds": "60"}, {"a.b/seconds": "30"}),
        (INGRESS, {"a.b/attributes": "idle=70"}, {"a.b/attributes": "idle=60"}),
        ("Deployment/shop metadata annotations", {"flaskship.dev/writer": "argocd"}, {}),
        (f"{C} args", ["--workers=4", "--bind=10.0.0.1:80"], ["--workers=2", "--bind=10.0.0.2:80"]),
        (f"{C} args", ["--api", "https://a.example.com/x"], ["--api", "https://b.example.com/x"]),
        (f"{C} resources limits memory", "512Mi", "256Mi"),
        ("Deployment/shop spec replicas", 5, 2),
        ("ExternalSecret/keys spec data 0 remoteRef key", "prod/shop", "staging/shop"),
        ("NetworkPolicy/shop spec ingress 0 from 0 ipBlock cidr", "10.1.0.0/16", "10.2.0.0/16"),
        (f"{C} env 0 value", "WARNING", "INFO"),
        (f"{C} envFrom 0 configMapRef name", "shop-config-0123456789", "shop-config-abcdef0123"),
    ],
)
def test_what_is_each_environments_own_by_nature_is_not_told(path: str, here: object, there: object) -> None:
    assert names(Change(set={path: here}), Change(set={path: there})) == []


def test_a_command_is_told_without_the_credentials_in_it() -> None:
    (told,) = names(
        Change(set={f"{C} command": ["sh", "-c", "get https://me:hunter2@example.com now"]}),
        Change(set={f"{C} command": ["sh"]}),
    )
    assert "hunter2" not in told
    assert told.endswith("-c get https://***@example.com now")


ONE, OTHER = (f"sha256:{digit * 64}" for digit in "12")


@pytest.mark.parametrize(
    ("here", "there", "setting"),
    [
        ("market/shop:1.3", "market/shop:1.2", "image.tag"),
        ("market/shop", "market/shop:1.2", "image.tag"),
        ("mirror/shop:1.2", "market/shop:1.2", "image.repository"),
        (f"market/shop:1.2@{ONE}", f"market/shop:1.2@{OTHER}", "image.digest"),
        (f"market/shop@{ONE}", "market/shop:1.2", "image.tag"),
        (f"market/shop:1.3@{ONE}", f"market/shop:1.2@{ONE}", None),
        (f"market/shop:1.2@{ONE}", "market/shop:1.2", None),
        ("market/shop:1.2", f"market/shop:1.2@{ONE}", None),
        ("host:5000/shop:1.2", "host:5000/shop:1.2", None),
    ],
)
def test_an_image_that_the_other_does_not_run_is_told_and_a_lacking_digest_is_not(
    here: str, there: str, setting: str | None
) -> None:
    image = "Deployment/till spec template spec containers 0 image"
    sides = [market(Change(set={image: one})) for one in (here, there)]
    told = list(deltas(load_table(), *sides))
    assert [one.name for one in told] == ([f"image {here} of till"] if setting else [])
    assert [one.fault.setting for one in told] == ([setting] if setting else [])


def test_the_image_of_an_application_that_is_not_there_is_one_that_any_runs() -> None:
    image = "Deployment/till spec template spec containers 0 image"
    there = Change(remove=("Deployment/till",))
    assert "image market/till:1 of till" in names(Change(set={image: "market/till:1"}), there)
    known = names(Change(set={image: "market/shop:1.2"}), there)
    assert "application till" in known
    assert not [one for one in known if one.startswith("image")]
