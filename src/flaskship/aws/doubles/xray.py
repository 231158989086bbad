"""Groups and sampling rules of X-Ray."""

from flaskship.aws.doubles.call import ACCOUNT, Answer, Call, Route, missing


class XRay:
    """Groups and sampling rules by name, and their tags."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, object]] = {}
        self.rules: dict[str, dict[str, object]] = {}
        self.tags: dict[str, list[object]] = {}

    def routes(self) -> list[Route]:
        """Return the calls that are answered here."""
        rest = [
            ("CreateGroup", "/CreateGroup", self.create_group),
            ("GetGroup", "/GetGroup", self.get_group),
            ("DeleteGroup", "/DeleteGroup", self.delete_group),
            ("CreateSamplingRule", "/CreateSamplingRule", self.create_rule),
            ("GetSamplingRules", "/GetSamplingRules", self.get_rules),
            ("DeleteSamplingRule", "/DeleteSamplingRule", self.delete_rule),
            ("ListTagsForResource", "/ListTagsForResource", self.list_tags),
        ]
        return [Route("xray", name, handler, "POST", path) for name, path, handler in rest]

    def create_group(self, call: Call) -> Answer:
        """CreateGroup."""
        name = call.body["GroupName"]
        arn = f"arn:aws:xray:{call.region}:{ACCOUNT}:group/{name}/1"
        self.groups[arn] = {
            "GroupName": name,
            "GroupARN": arn,
            "FilterExpression": call.body.get("FilterExpression"),
            "InsightsConfiguration": call.body.get("InsightsConfiguration"),
        }
        self.tags[arn] = call.body.get("Tags", [])
        return Answer({"Group": self.groups[arn]})

    def get_group(self, call: Call) -> Answer:
        """GetGroup."""
        group = self.groups.get(call.body.get("GroupARN", ""))
        return Answer({"Group": group}) if group else _no_group()

    def delete_group(self, call: Call) -> Answer:
        """DeleteGroup."""
        return Answer() if self.groups.pop(call.body.get("GroupARN", ""), None) else _no_group()

    def create_rule(self, call: Call) -> Answer:
        """CreateSamplingRule."""
        rule = dict(call.body["SamplingRule"])
        rule["RuleARN"] = f"arn:aws:xray:{call.region}:{ACCOUNT}:sampling-rule/{rule['RuleName']}"
        rule.setdefault("Attributes", {})
        self.rules[rule["RuleName"]] = rule
        self.tags[rule["RuleARN"]] = call.body.get("Tags", [])
        return Answer({"SamplingRuleRecord": {"SamplingRule": rule, "CreatedAt": 0, "ModifiedAt": 0}})

    def get_rules(self, _call: Call) -> Answer:
        """GetSamplingRules."""
        records = [{"SamplingRule": rule, "CreatedAt": 0, "ModifiedAt": 0} for rule in self.rules.values()]
        return Answer({"SamplingRuleRecords": records})

    def delete_rule(self, call: Call) -> Answer:
        """DeleteSamplingRule."""
        rule = self.rules.pop(call.body["RuleName"], None)
        return Answer({"SamplingRuleRecord": {"SamplingRule": rule}}) if rule else missing()

    def list_tags(self, call: Call) -> Answer:
        """ListTagsForResource."""
        return Answer({"Tags": self.tags.get(call.body["ResourceARN"], [])})


def _no_group() -> Answer:
    # X-Ray has no code of its own for it: the provider looks for these words.
    return Answer(status=400, error="InvalidRequestException")
