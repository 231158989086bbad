"""Facts of what watches an environment: logs, queries, alarms, dashboard, traces, budget, certificate."""

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.stacks import REGION

API, WORKER, ADMIN, MONITORING = (f"my-tomorrows-{name}" for name in ("api", "worker", "admin", "monitoring"))
APPLICATIONS = {
    "dev": {API, WORKER},
    "staging": {API, WORKER, ADMIN},
    "prod": {API, WORKER, ADMIN, MONITORING},
}
PROBES = {"/health", "/ready", "/startup", "/metrics"}


def watching_facts(port: int, name: str, environment: str) -> list[Fact]:
    """Ask CloudWatch, X-Ray, Budgets and ACM."""
    return [
        *_logs(port, name, environment),
        *_alarms(port, name, environment),
        *_traces(port, name),
        _budget(port, name, environment),
        _certificate(port, environment),
    ]


def _fact(says: str, holds: bool, seen: object = "") -> Fact:
    return Fact("app", says, bool(holds), str(seen))


def _logs(port: int, name: str, environment: str) -> list[Fact]:
    logs = client(port, "logs")
    prefix = f"/my-app/{environment}/"
    groups = {
        one["logGroupName"].removeprefix(prefix)
        for one in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    }
    queries = logs.describe_query_definitions(queryDefinitionNamePrefix=f"{name}/")["queryDefinitions"]
    saved = {one["name"].removeprefix(f"{name}/") for one in queries}
    wanted = APPLICATIONS[environment] | {"migrate", "platform"}
    return [
        _fact("each application, migrations and the platform have a log group", groups == wanted, groups),
        _fact(
            "queries are saved: errors by route, slow requests, one request id (a double answers)",
            saved == {"errors by route", "slow requests", "one request id"}
            and all(len(one["logGroupNames"]) == len(APPLICATIONS[environment]) for one in queries),
            saved,
        ),
    ]


def _alarms(port: int, name: str, environment: str) -> list[Fact]:
    watch = client(port, "cloudwatch")
    alarms = watch.describe_alarms(AlarmNamePrefix=f"{name}-")["MetricAlarms"]
    topics = {topic for alarm in alarms for topic in alarm["AlarmActions"]}
    keys = [
        client(port, "sns").get_topic_attributes(TopicArn=topic)["Attributes"].get("KmsMasterKeyId")
        for topic in topics
    ]
    wanted = {"pods-restarting", "nodes-failed", "database-cpu", "database-disk", "database-connections"}
    wanted |= {f"{one}-not-running" for one in APPLICATIONS[environment]}
    wanted |= {f"{API}-errors", f"{API}-slow"}
    there = {alarm["AlarmName"].removeprefix(f"{name}-") for alarm in alarms}
    dashboards = [one["DashboardName"] for one in watch.list_dashboards()["DashboardEntries"]]
    return [
        _fact("each alarm is there", there == wanted, there ^ wanted),
        _fact("the alarms' topic is encrypted by a key of ours", bool(keys) and all(keys), keys),
        _fact("there is a dashboard", dashboards == [name], dashboards),
    ]


def _traces(port: int, name: str) -> list[Fact]:
    xray = client(port, "xray")
    rules = [one["SamplingRule"] for one in xray.get_sampling_rules()["SamplingRuleRecords"]]
    none = {one["URLPath"] for one in rules if one["FixedRate"] == 0 and one["ReservoirSize"] == 0}
    others = [one for one in rules if one["URLPath"] == "*" and 0 < one["FixedRate"] <= 1]
    first = bool(others) and all(
        one["Priority"] < others[0]["Priority"] for one in rules if one not in others
    )
    arn = f"arn:aws:xray:{REGION}:{ACCOUNT}:group/{name}-slow-or-failed/1"
    asked = xray.get_group(GroupARN=arn)["Group"]["FilterExpression"]
    namespace = f'annotation[aws.local.environment] = "eks:{name}/{name}"'
    return [
        _fact("probes are never traced, others are (a double answers)", none == PROBES and first, rules),
        _fact(
            "slow and failed traces are a group, of this namespace (a double answers)",
            asked.startswith(namespace) and "fault = true" in asked,
            asked,
        ),
    ]


def _budget(port: int, name: str, environment: str) -> Fact:
    budgets = client(port, "budgets")
    budget = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=name)["Budget"]
    told = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=name)["Notifications"]
    kinds = {one["NotificationType"] for one in told}
    filters = budget.get("CostFilters", {})
    return _fact(
        "a budget counts the environment's tag, and tells what is spent and what is foreseen",
        filters == {"TagKeyValue": [f"user:Environment${environment}"]} and kinds == {"ACTUAL", "FORECASTED"},
        (filters, kinds),
    )


def _certificate(port: int, environment: str) -> Fact:
    found = client(port, "acm").list_certificates()["CertificateSummaryList"]
    names = {one["DomainName"] for one in found if one.get("Status", "ISSUED") == "ISSUED"}
    return _fact("there is a certificate, in prod", bool(names) == (environment == "prod"), names)
