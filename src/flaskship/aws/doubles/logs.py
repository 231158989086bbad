"""Saved queries of CloudWatch Logs Insights."""

import uuid

from flaskship.aws.doubles.call import Answer, Call, Route, missing


class Logs:
    """Query definitions by id."""

    def __init__(self) -> None:
        self.queries: dict[str, dict[str, object]] = {}

    def routes(self) -> list[Route]:
        """Return the calls that are answered here."""
        return [
            Route("logs", "PutQueryDefinition", self.put),
            Route("logs", "DescribeQueryDefinitions", self.describe),
            Route("logs", "DeleteQueryDefinition", self.delete),
        ]

    def put(self, call: Call) -> Answer:
        """PutQueryDefinition."""
        identity = call.body.get("queryDefinitionId") or str(uuid.uuid4())
        self.queries[identity] = {
            "queryDefinitionId": identity,
            "name": call.body["name"],
            "queryString": call.body["queryString"],
            "logGroupNames": call.body.get("logGroupNames", []),
        }
        return Answer({"queryDefinitionId": identity})

    def describe(self, call: Call) -> Answer:
        """DescribeQueryDefinitions."""
        prefix = call.body.get("queryDefinitionNamePrefix", "")
        found = [query for query in self.queries.values() if str(query["name"]).startswith(prefix)]
        return Answer({"queryDefinitions": found})

    def delete(self, call: Call) -> Answer:
        """DeleteQueryDefinition."""
        found = self.queries.pop(call.body["queryDefinitionId"], None)
        return Answer({"success": True}) if found else missing()
