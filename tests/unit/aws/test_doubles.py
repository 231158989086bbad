"""The doubles keep what they were given, as the provider reads it back, and refuse what they do not know."""

import io
import json
from typing import Any

from flaskship.aws.doubles.server import DOUBLED, UNANSWERED, Doubled, all_doubles, read_call


def signed(service: str, method: str, path: str, body: Any = None, target: str = "") -> dict[str, Any]:
    raw = json.dumps(body).encode() if body is not None else b""
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REQUEST_URI": path,
        "CONTENT_LENGTH": str(len(raw)),
        "CONTENT_TYPE": "application/x-amz-json-1.1",
        "HTTP_X_AMZ_TARGET": target,
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=me/20261126/us-west-2/{service}/aws4_request",
        "wsgi.input": io.BytesIO(raw),
    }


class Server:
    """The doubles in front of a server that knows nothing."""

    def __init__(self, status: str = "501 Not Implemented", answer: bytes = b"{}") -> None:
        self.passed: list[dict[str, Any]] = []
        self.answer = answer
        self.application = Doubled(
            lambda environ, start: self._answer(environ, start, status), *all_doubles()
        )

    def _answer(self, environ: dict[str, Any], start: Any, status: str) -> list[bytes]:
        self.passed.append(environ)
        start(status, [])
        return [self.answer]

    def ask(self, *arguments: Any, **more: Any) -> tuple[int, dict[str, Any]]:
        said: list[str] = []
        body = self.application(signed(*arguments, **more), lambda status, *_: said.append(status))
        return int(said[0][:3]), json.loads(b"".join(body))


def test_an_addon_lives_from_creation_to_deletion() -> None:
    server = Server()
    wanted = {"addonName": "coredns", "configurationValues": "{}"}
    assert server.ask("eks", "POST", "/clusters/c/addons", wanted)[0] == 200
    status, answer = server.ask("eks", "GET", "/clusters/c/addons/coredns")
    assert (status, answer["addon"]["status"]) == (200, "ACTIVE")
    assert answer["addon"]["configurationValues"] == "{}"
    assert server.ask("eks", "DELETE", "/clusters/c/addons/coredns")[0] == 200
    status, answer = server.ask("eks", "GET", "/clusters/c/addons/coredns")
    assert (status, answer["__type"]) == (404, "ResourceNotFoundException")


def test_an_access_entry_has_its_policies_and_no_others() -> None:
    server = Server()
    arn, policy = "arn:aws:iam::1:role/a", "arn:aws:eks::aws:cluster-access-policy/View"
    entry = "/clusters/c/access-entries/arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa"
    server.ask("eks", "POST", "/clusters/c/access-entries", {"principalArn": arn})
    body = {"policyArn": policy, "accessScope": {"type": "cluster"}}
    assert server.ask("eks", "POST", f"{entry}/access-policies", body)[0] == 200
    answer = server.ask("eks", "GET", f"{entry}/access-policies")[1]
    assert [one["policyArn"] for one in answer["associatedAccessPolicies"]] == [policy]
    assert server.ask("eks", "GET", entry)[1]["accessEntry"]["principalArn"] == arn


def test_queries_monitors_and_rules_are_read_back_as_written() -> None:
    server = Server()
    query = {"name": "errors", "queryString": "filter x", "logGroupNames": ["/a"]}
    made = server.ask("logs", "POST", "/", query, target="Logs_20140328.PutQueryDefinition")[1]
    read = server.ask("logs", "POST", "/", {}, target="Logs_20140328.DescribeQueryDefinitions")[1]
    assert read["queryDefinitions"] == [query | made]
    monitor = {"AnomalyMonitor": {"MonitorName": "m", "MonitorType": "DIMENSIONAL", "MonitorDimension": "X"}}
    arn = server.ask("ce", "POST", "/", monitor, target="AWSInsightsIndexService.CreateAnomalyMonitor")[1]
    read = server.ask(
        "ce", "POST", "/", {"MonitorArnList": [arn["MonitorArn"]]}, target="A.GetAnomalyMonitors"
    )[1]
    assert read["AnomalyMonitors"][0]["MonitorName"] == "m"
    status, answer = server.ask(
        "ce", "POST", "/", {"MonitorArnList": ["arn:none"]}, target="A.GetAnomalyMonitors"
    )
    assert (status, answer["__type"]) == (400, "UnknownMonitorException")


def test_another_service_with_the_same_operation_is_not_answered_here() -> None:
    server = Server()
    assert server.ask("sns", "POST", "/", {}, target="X.ListTagsForResource")[0] == 501


def test_what_nobody_answers_is_counted_and_told() -> None:
    server = Server()
    server.ask("eks", "POST", "/clusters/c/insights", {})
    server.ask("eks", "POST", "/clusters/c/insights", {})
    assert server.ask("", "GET", UNANSWERED)[1] == {"eks:POST /clusters/c/insights": 2}


def test_what_doubles_answered_is_counted_and_nothing_else() -> None:
    server = Server("200 OK")
    assert server.ask("", "GET", DOUBLED)[1] == {}
    server.ask("eks", "POST", "/clusters/c/addons", {"addonName": "coredns"})
    server.ask("eks", "GET", "/clusters/c/addons/coredns")
    server.ask("eks", "GET", "/clusters/c/addons/coredns")
    server.ask("eks", "GET", "/clusters/c")
    assert server.ask("", "GET", DOUBLED)[1] == {"eks:CreateAddon": 1, "eks:DescribeAddon": 2}


def test_the_body_is_left_for_the_server_behind() -> None:
    server = Server("200 OK")
    server.ask("kms", "POST", "/", {"a": 1}, target="TrentService.CreateKey")
    assert json.loads(server.passed[0]["wsgi.input"].read()) == {"a": 1}


def test_other_protocols_are_not_read() -> None:
    form = signed("ec2", "POST", "/") | {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}
    assert read_call(form) is None
    assert read_call(signed("s3", "PUT", "/bucket", {"a": 1})) is None
    assert read_call({"HTTP_AUTHORIZATION": ""}) is None


def test_a_cluster_is_told_with_what_it_was_made_with() -> None:
    moto = {"cluster": {"name": "c", "status": "ACTIVE"}}
    server = Server("200 OK", json.dumps(moto).encode())
    wish = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    server.ask("eks", "POST", "/clusters", {"name": "c", "accessConfig": wish})
    cluster = server.ask("eks", "GET", "/clusters/c")[1]["cluster"]
    assert cluster == {"name": "c", "status": "ACTIVE", "accessConfig": {"authenticationMode": "API"}}


def test_nodes_of_a_template_have_no_disk_of_their_own() -> None:
    moto = {"nodegroup": {"diskSize": 20, "launchTemplate": {"id": "lt-1"}}}
    server = Server("200 OK", json.dumps(moto).encode())
    nodes = server.ask("eks", "GET", "/clusters/c/node-groups/spot")[1]["nodegroup"]
    assert nodes == {"launchTemplate": {"id": "lt-1"}}


def test_a_budgets_subscribers_and_tags_are_remembered() -> None:
    server = Server("200 OK")
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80}
    subscribers = [{"SubscriptionType": "SNS", "Address": "arn:topic"}]
    tags = [{"Key": "Environment", "Value": "dev"}]
    server.ask(
        "budgets",
        "POST",
        "/",
        {"Budget": {"BudgetName": "b"}, "ResourceTags": tags},
        target="AWSBudgetServiceGateway.CreateBudget",
    )
    named = {"BudgetName": "b", "Notification": notification}
    server.ask("budgets", "POST", "/", named | {"Subscribers": subscribers}, target="A.CreateNotification")
    named["Notification"] = notification | {"Threshold": 80.0, "NotificationState": "OK"}
    read = server.ask("budgets", "POST", "/", named, target="A.DescribeSubscribersForNotification")
    assert read == (200, {"Subscribers": subscribers})
    arn = "arn:aws:budgets::123456789012:budget/b"
    assert server.ask("budgets", "POST", "/", {"ResourceARN": arn}, target="A.ListTagsForResource")[1] == {
        "ResourceTags": tags
    }
    named["Notification"] = notification | {"Threshold": 90}
    assert server.ask("budgets", "POST", "/", named, target="A.DescribeSubscribersForNotification")[0] == 400


def test_settings_of_the_hub_stay() -> None:
    server = Server("200 OK", b'{"HubArn": "arn:hub"}')
    assert server.ask("securityhub", "GET", "/accounts")[1]["ControlFindingGenerator"] == "SECURITY_CONTROL"
    assert server.ask("securityhub", "PATCH", "/accounts", {"AutoEnableControls": False})[0] == 200
    hub = server.ask("securityhub", "GET", "/accounts")[1]
    assert (hub["HubArn"], hub["AutoEnableControls"]) == ("arn:hub", False)


def test_a_standard_is_enabled_once_and_gone_after() -> None:
    server = Server()
    standard = "arn:aws:securityhub:us-west-2::standards/best/v/1.0.0"
    body = {"StandardsSubscriptionRequests": [{"StandardsArn": standard}]}
    made = server.ask("securityhub", "POST", "/standards/register", body)[1]["StandardsSubscriptions"][0]
    asked = {"StandardsSubscriptionArns": [made["StandardsSubscriptionArn"]]}
    found = server.ask("securityhub", "POST", "/standards/get", asked)[1]["StandardsSubscriptions"]
    assert found == [made]
    server.ask("securityhub", "POST", "/standards/deregister", asked)
    assert server.ask("securityhub", "POST", "/standards/get", asked)[1] == {"StandardsSubscriptions": []}


def test_nodes_remember_how_they_are_updated() -> None:
    moto = {"nodegroup": {"clusterName": "c", "nodegroupName": "spot", "diskSize": 20}}
    server = Server("200 OK", json.dumps(moto).encode())
    made = {"nodegroupName": "spot", "updateConfig": {"maxUnavailable": 1}}
    server.ask("eks", "POST", "/clusters/c/node-groups", made)
    nodes = server.ask("eks", "GET", "/clusters/c/node-groups/spot")[1]["nodegroup"]
    assert (nodes["updateConfig"], nodes["diskSize"]) == ({"maxUnavailable": 1}, 20)


def test_a_second_monitor_of_services_and_one_by_tag_are_refused_as_in_a_member_account() -> None:
    server = Server()

    def make(**monitor: Any) -> tuple[int, dict[str, Any]]:
        body = {"AnomalyMonitor": {"MonitorName": "m", **monitor}}
        return server.ask("ce", "POST", "/", body, target="A.CreateAnomalyMonitor")

    status, answer = make(MonitorType="DIMENSIONAL", MonitorDimension="SERVICE")
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert "Limit exceeded" in answer["message"]
    assert make(MonitorType="CUSTOM", MonitorSpecification={"Tags": {"Key": "a"}})[0] == 400
    (own,) = server.ask("ce", "POST", "/", {}, target="A.GetAnomalyMonitors")[1]["AnomalyMonitors"]
    assert own["MonitorName"] == "Default-Services-Monitor"
