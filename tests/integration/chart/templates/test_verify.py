"""_verify.tpl: what no single value shows is refused in a sentence with its place; its near miss renders."""

import pytest

API, WORKER = "my-tomorrows-api", "my-tomorrows-worker"


def of(**applications: str) -> str:
    lines = [f"  my-tomorrows-{name}: {text}\n" for name, text in applications.items()]
    return "applications:\n" + "".join(lines)


SCALED = "autoscaling: {enabled: true}"
FAST = "preStopSeconds: 10, gracefulTimeoutSeconds: 20, terminationGracePeriodSeconds: 35"

# environment, what is refused, the sentence's essence, the line it names, what is allowed instead
RULES = {
    "replicas beside autoscaling": (
        "dev",
        of(api="{replicas: 3, " + SCALED + "}"),
        "beside autoscaling.enabled two would decide the number",
        2,
        of(api="{replicas: 3, autoscaling: {enabled: false}}"),
    ),
    "replicas of the role beside autoscaling": (
        "dev",
        "roles: {api: {replicas: 3, " + SCALED + "}}\n",
        "applications.my-tomorrows-api.replicas: beside autoscaling",
        1,
        "defaults: {replicas: 3}\nroles: {api: {" + SCALED + "}}\n",
    ),
    "an active VPA on the resource that the HPA scales by": (
        "dev",
        of(api="{" + SCALED + ", vpa: {enabled: true, updateMode: Recreate}}"),
        "two controllers fight over the same resource, cpu",
        2,
        of(api="{" + SCALED + ", vpa: {enabled: true, updateMode: Recreate, controlledResources: [memory]}}"),
    ),
    "an active VPA on memory that the HPA scales by too": (
        "dev",
        of(
            api="{autoscaling: {enabled: true, memory: {enabled: true}}, vpa: "
            "{enabled: true, updateMode: Initial, controlledResources: [memory]}}"
        ),
        "fight over the same resource, memory",
        2,
        of(
            api="{autoscaling: {enabled: true, memory: {enabled: true}}, vpa: "
            "{enabled: true, updateMode: 'Off', controlledResources: [memory]}}"
        ),
    ),
    "a budget that blocks every drain": (
        "dev",
        of(api="{pdb: {enabled: true, maxUnavailable: 0}}"),
        "0 blocks every drain of a node",
        2,
        of(api="{pdb: {enabled: true, maxUnavailable: 1%}}"),
    ),
    "a budget of no percent": (
        "dev",
        of(api="{pdb: {enabled: true, maxUnavailable: 0%}}"),
        "0% blocks every drain",
        2,
        of(api="{pdb: {enabled: false, maxUnavailable: 0%}}"),
    ),
    "a probe without a path": (
        "dev",
        of(api="{probes: {readiness: {path: null}}}"),
        "probes.readiness.path: is required and missing",
        2,
        of(api="{probes: {readiness: {path: /}}}"),
    ),
    "one node port twice": (
        "dev",
        of(worker="{service: {type: NodePort, nodePort: 30080}}"),
        "applications.my-tomorrows-worker.service.nodePort: 30080 is taken by my-tomorrows-api already",
        2,
        of(worker="{service: {type: NodePort, nodePort: 30081}}"),
    ),
    "two applications with one name": (
        "dev",
        "applications:\n  - name: my-tomorrows-api\n  - name: my-tomorrows-api\n",
        "my-tomorrows-api stands twice in the list, first on line 2",
        3,
        "applications:\n  - name: my-tomorrows-api\n  - name: other-api\n",
    ),
    "a name that a canary needs for its second service": (
        "dev",
        "applications:\n  a-api: {strategy: {type: Canary}}\n  a-api-canary: {}\n",
        "its service has the name that a-api needs for its new revision",
        3,
        "applications:\n  a-api: {strategy: {type: BlueGreen}}\n  a-api-canary: {}\n",
    ),
    "one host twice": (
        "staging",
        of(worker="{ingress: {enabled: true, subdomain: api}, preStopSeconds: 10}"),
        "the host api.staging.mytomorrows.com is taken by my-tomorrows-api already",
        2,
        of(worker="{ingress: {enabled: true, subdomain: apis}, preStopSeconds: 10}"),
    ),
    "no way to the database": (
        "staging",
        "networkPolicy:\n  databaseCidrs: []\n",
        "would be cut off from its database",
        2,
        "defaults: {networkPolicy: {egress: [{}]}}\nnetworkPolicy: {databaseCidrs: []}\n",
    ),
    "a way to something else than the database": (
        "staging",
        "networkPolicy: {databaseCidrs: []}\n"
        "defaults: {networkPolicy: {egress: [{ports: [{port: 6379}, {port: 5432, protocol: UDP}]}]}}\n",
        "cut off from its database; name the database's networks, or open port 5432 by name",
        1,
        "networkPolicy: {databaseCidrs: []}\n"
        "defaults: {networkPolicy: {egress: [{ports: [{port: 6379}]}, "
        "{ports: [{port: 5000, endPort: 6000}]}]}}\n",
    ),
    "a block that nobody says to hold the database": (
        "staging",
        "networkPolicy: {databaseCidrs: []}\n"
        "defaults: {networkPolicy: {egress: [{to: [{ipBlock: {cidr: 10.7.0.0/16}}]}, "
        "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{protocol: TCP}]}, "
        "{to: [{ipBlock: {cidr: 10.7.0.0/16}}], ports: [{port: postgres}]}]}}\n",
        "a block without ports may hold the database or not",
        1,
        "networkPolicy: {databaseCidrs: []}\ndefaults: {networkPolicy: "
        "{egress: [{to: [{ipBlock: {cidr: 10.7.0.0/16}}], ports: [{port: 5432}]}]}}\n",
    ),
    "blocks to everywhere but by UDP": (
        "staging",
        "networkPolicy: {databaseCidrs: []}\ndefaults: {networkPolicy: "
        "{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{protocol: UDP}]}]}}\n",
        "would be cut off from its database",
        1,
        "networkPolicy: {databaseCidrs: []}\n"
        "defaults: {networkPolicy: {egress: [{to: [{podSelector: {}}, {ipBlock: {cidr: '::/0'}}]}]}}\n",
    ),
    "pods with a port by another name alone": (
        "staging",
        "networkPolicy: {databaseCidrs: []}\n"
        "defaults: {networkPolicy: {egress: [{to: [{podSelector: {}}]}]}}\n",
        "would be cut off from its database",
        1,
        "networkPolicy: {databaseCidrs: []}\n"
        "defaults: {networkPolicy: {egress: [{to: [{podSelector: {}}], ports: [{port: postgres}]}]}}\n",
    ),
    "a worker whose block has no ports": (
        "staging",
        of(
            worker="{webhooks: {deliver: false}, networkPolicy: "
            "{egress: [{to: [{ipBlock: {cidr: 10.1.0.0/16}}]}]}}"
        ),
        "closes the network to the webhooks that a worker delivers",
        2,
        of(
            worker="{webhooks: {deliver: false}, networkPolicy: "
            "{egress: [{to: [{ipBlock: {cidr: 10.1.0.0/16}}], ports: [{port: 443}]}]}}"
        ),
    ),
    "a neighbour let in, and no load balancer": (
        "staging",
        "networkPolicy:\n  ingressCidrs: []\ndefaults: {networkPolicy: {from: [{podSelector: {}}]}}\n",
        "the load balancer would be cut off from",
        2,
        "networkPolicy: {ingressCidrs: []}\n"
        "defaults: {networkPolicy: {from: [{ipBlock: {cidr: 10.0.1.0/24}}]}}\n",
    ),
    "a worker with a way to its cache alone": (
        "staging",
        of(worker="{webhooks: {deliver: false}, networkPolicy: {egress: [{ports: [{port: 6379}]}]}}"),
        "closes the network to the webhooks that a worker delivers",
        2,
        of(worker="{webhooks: {deliver: false}, networkPolicy: {egress: [{ports: [{port: 80}]}]}}"),
    ),
    "an application named as the pod that asks another": (
        "dev",
        "applications:\n  my-tomorrows-api-test: {}\n",
        "the pod by which helm test asks my-tomorrows-api has this name, and would get its requests",
        2,
        "tests: {enabled: false}\napplications:\n  my-tomorrows-api-test: {}\n",
    ),
    "a name that is not the key": (
        "dev",
        of(api="{name: other}"),
        "applications.my-tomorrows-api.name: other differs from the key",
        2,
        of(api="{name: my-tomorrows-api}"),
    ),
    "a key composed of what is not fetched": (
        "prod",
        "secrets: {external: {secrets: {app-secrets: {data: {database-host: null}}}}}\n",
        "data.database-host: is missing, and template.database-url is composed of it",
        1,
        "secrets: {external: {secrets: {app-secrets: {data: {database-host: null}, "
        "template: {database-url: 'sqlite://'}}}}}\n",
    ),
    "an annotation of the ingress that is the chart's": (
        "prod",
        "ingress: {annotations: {flaskship.dev/writer: x}}\n",
        "ingress.annotations: flaskship.dev/writer is set by the chart already",
        1,
        "ingress: {annotations: {example.com/writer: x}}\n",
    ),
    "no policy of its own, and a database": (
        "staging",
        of(api="{networkPolicy: {enabled: false}}"),
        "false leaves it with DNS alone, cut off from its database",
        2,
        of(
            api="{networkPolicy: {enabled: false}, database: false, ingress: {enabled: false}, "
            "aws: {applicationSignals: false}}"
        ),
    ),
    "no policy of its own, and webhooks": (
        "staging",
        of(worker="{networkPolicy: {enabled: false}, database: false}"),
        "cut off from its webhooks",
        2,
        of(
            worker="{networkPolicy: {enabled: false}, database: false, webhooks: {deliver: false}, "
            "aws: {applicationSignals: false}}"
        ),
    ),
    "no policy of its own, and traces": (
        "staging",
        of(worker="{networkPolicy: {enabled: false}, database: false, webhooks: {deliver: false}}"),
        "cut off from the agent of CloudWatch, which takes its traces",
        2,
        of(worker="{networkPolicy: {enabled: true}}"),
    ),
    "nothing to watch": (
        "prod",
        of(monitoring="{networkPolicy: {enabled: false}}"),
        "cut off from the applications that it watches",
        2,
        of(monitoring="{networkPolicy: {enabled: true}}"),
    ),
    "a worker without a way out": (
        "staging",
        of(worker="{webhooks: {deliver: false}}"),
        "closes the network to the webhooks that a worker delivers",
        2,
        of(worker="{webhooks: {deliver: false}, networkPolicy: {egress: [{ports: [{port: 443}]}]}}"),
    ),
    "no way in for the load balancer": (
        "staging",
        "networkPolicy:\n  ingressCidrs: []\n",
        "the load balancer would be cut off from my-tomorrows-admin",
        2,
        "networkPolicy: {ingressCidrs: []}\ndefaults: {networkPolicy: {from: [{namespaceSelector: {}}]}}\n"
        "ingress: {className: nginx}\n",
    ),
    "a grace shorter than what it has to cover": (
        "dev",
        of(api="{preStopSeconds: 10, gracefulTimeoutSeconds: 20, terminationGracePeriodSeconds: 34}"),
        "34 is less than preStopSeconds 10 + gracefulTimeoutSeconds 20 + 5 = 35",
        2,
        of(api="{" + FAST + "}"),
    ),
    "an end before the load balancer stops sending": (
        "staging",
        of(api="{preStopSeconds: 9}"),
        "9 is less than the 10 that the load balancer needs to stop sending",
        2,
        "ingress: {className: nginx}\n" + of(api="{preStopSeconds: 9}"),
    ),
    "a load balancer that waits for the dead": (
        "staging",
        "ingress: {deregistrationDelaySeconds: 31}\n",
        "31 is more than the preStopSeconds 10 + gracefulTimeoutSeconds 20 = 30",
        1,
        "ingress: {deregistrationDelaySeconds: 30}\n",
    ),
    "a grace too long for a spot node": (
        "dev",
        of(api="{scheduling: {spot: true}, terminationGracePeriodSeconds: 111}"),
        "111 is too long for a spot node",
        2,
        of(api="{scheduling: {spot: true}, terminationGracePeriodSeconds: 110}"),
    ),
    "a priority that is no class": (
        "prod",
        of(api="{scheduling: {priority: urgent}}"),
        "there is no class urgent; priorityClasses.classes has critical, low, normal",
        2,
        of(api="{scheduling: {priority: low}}"),
    ),
}


@pytest.mark.on
@pytest.mark.parametrize("name", RULES)
def test_it_is_refused_where_it_stands(refused, name: str) -> None:
    environment, bad, words, line, _ = RULES[name]
    assert words in refused(bad, environment=environment, line=line)


@pytest.mark.off
@pytest.mark.parametrize("name", RULES)
def test_its_near_miss_renders(render, name: str) -> None:
    environment, *_, good = RULES[name]
    assert render(good, environment=environment).all("Service")


@pytest.mark.bad
@pytest.mark.parametrize("part", ["env", "config"])
@pytest.mark.parametrize(
    ("variable", "value"), [("GRACEFUL_TIMEOUT", "gracefulTimeoutSeconds"), ("PORT", "service.targetPort")]
)
def test_what_the_chart_reckons_with_is_set_by_its_value_alone(refused, part, variable, value) -> None:
    for owner in ("defaults", "applications.my-tomorrows-api", "roles.api"):
        text = f"{variable}: '300'"
        for key in (part, *reversed(owner.split("."))):
            text = f"{key}: {{{text}}}"
        message = refused(text + "\n", line=1)
        assert f".{part}.{variable}: " in message
        assert f"set {value}" in message


@pytest.mark.bad
@pytest.mark.parametrize("name", ["my-app-tests", "my-app-default-deny", "my-app-serviceaccount"])
def test_the_charts_own_names_are_kept(refused, name: str) -> None:
    text = f"applications:\n  {name}: {{role: monitoring}}\n"
    assert f"applications.{name}: this name is kept for" in refused(text, environment="prod", line=2)


@pytest.mark.bad
def test_the_account_with_the_role_is_no_applications(refused) -> None:
    message = refused("# below\naws:\n  serviceAccount: my-tomorrows-api\n", environment="prod", line=3)
    assert "this name is kept for the account with the IAM role (aws.serviceAccount)" in message


ENTRY = "applications:\n  my-tomorrows-api:\n    "


@pytest.mark.bad
@pytest.mark.parametrize(
    ("given", "whose"),
    [("my-tomorrows-api", "its own container"), ("migrate", "the migration")],
)
def test_an_init_container_has_a_name_of_its_own(refused, given: str, whose: str) -> None:
    message = refused(ENTRY + f"initContainers: [{{name: {given}, image: x}}]\n", line=3)
    assert f".initContainers: {given} is {whose}'s name" in message


@pytest.mark.bad
def test_two_init_containers_have_two_names(refused) -> None:
    message = refused(ENTRY + "initContainers: [{name: a, image: x}, {name: a, image: y}]\n", line=3)
    assert ".initContainers: a is another one's name" in message


@pytest.mark.bad
def test_a_role_hands_on_no_init_container_of_an_applications_name(refused) -> None:
    # Not that of the first application of the role, for which the role's rules are asked.
    text = "roles: {worker: {initContainers: [{name: zeta-worker, image: x}]}}\n"
    message = refused(text + "applications: {zeta-worker: {}}\n", line=1)
    assert "applications.zeta-worker.initContainers: zeta-worker is its own container's name" in message


@pytest.mark.override
def test_migrate_is_free_where_nothing_migrates(render) -> None:
    chart = render(ENTRY + "migrations: false\n    initContainers: [{name: migrate, image: x}]\n")
    assert "migrate" in chart.rendered.manifests


@pytest.mark.bad
@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("args", "[--graceful-timeout, '90']"),
        ("args", "[serve, --graceful-timeout=90]"),
        ("command", "[sh, -c, exec gunicorn --graceful-timeout 90 app]"),
        ("env", "{GUNICORN_CMD_ARGS: --graceful-timeout=90}"),
        ("config", "{GUNICORN_CMD_ARGS: --graceful-timeout=90}"),
    ],
)
def test_a_timeout_of_the_command_line_goes_past_no_arithmetic(refused, key: str, given: str) -> None:
    message = refused(ENTRY + f"{key}: {given}\n", line=3)
    assert f".{key}" in message
    assert "--graceful-timeout would go past what the chart reckons with" in message


@pytest.mark.override
def test_other_arguments_pass(render) -> None:
    text = "args: [--graceful-timeouts, --keep]\n    env: {GUNICORN_CMD_ARGS: --keep-alive=5}\n"
    assert "--keep" in render(ENTRY + text).rendered.manifests
