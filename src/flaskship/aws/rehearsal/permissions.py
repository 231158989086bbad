"""What a role may do, decided from its policy documents: the part of IAM's rules that these policies use."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Context = Mapping[str, str]


def allowed(documents: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context) -> bool:
    """Return whether identity policies allow an action on a resource: a deny wins, silence is a deny."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _listed(document["Statement"])
        if _applies(statement, action, resource, context)
    }
    return "Allow" in effects and "Deny" not in effects


def trusts(document: Mapping[str, Any], provider: str, claims: Context) -> bool:
    """Return whether a trust policy lets a token of an identity provider take the role on."""
    return any(
        statement["Effect"] == "Allow"
        and "sts:AssumeRoleWithWebIdentity" in _listed(statement["Action"])
        and provider in _listed(statement["Principal"].get("Federated", ()))
        and _conditions_hold(statement, claims)
        for statement in _listed(document["Statement"])
    )


def trusts_alone(document: Mapping[str, Any], issuer: str, subjects: Iterable[str]) -> bool:
    """Return whether a trust policy lets in these subjects of one issuer's tokens for AWS, and nobody else.

    The whole document is judged: each statement must name the provider alone, and by equality the audience
    and the subjects. What this does not know (a pattern, another principal, no audience) is a no.
    """
    found: set[str] = set()
    for statement in _listed(document["Statement"]):
        if statement.keys() - {"Sid"} != {"Effect", "Action", "Principal", "Condition"}:
            return False
        principal, condition = statement["Principal"], statement["Condition"]
        if not (
            statement["Effect"] == "Allow"
            and _listed(statement["Action"]) == ["sts:AssumeRoleWithWebIdentity"]
            and isinstance(principal, Mapping)
            and principal.keys() == {"Federated"}
            and all(one.endswith(f":oidc-provider/{issuer}") for one in _listed(principal["Federated"]))
            and condition.keys() == {"StringEquals"}
            and condition["StringEquals"].keys() == {f"{issuer}:aud", f"{issuer}:sub"}
            and _listed(condition["StringEquals"][f"{issuer}:aud"]) == ["sts.amazonaws.com"]
        ):
            return False
        found |= set(_listed(condition["StringEquals"][f"{issuer}:sub"]))
    return found == set(subjects)


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    unknown = {"NotAction", "NotResource"} & statement.keys()
    if unknown:
        raise ValueError(f"a statement with {', '.join(sorted(unknown))} is not understood here")
    return (
        any(_like(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_like(pattern, resource) for pattern in _listed(statement["Resource"]))
        and _conditions_hold(statement, context)
    )


def _conditions_hold(statement: Mapping[str, Any], context: Context) -> bool:
    for operator, wanted in statement.get("Condition", {}).items():
        if operator not in {"StringEquals", "StringLike"}:
            raise ValueError(f"the condition {operator} is not understood here")
        for key, values in wanted.items():
            given = context.get(key)
            if given is None or not any(
                _like(value, given) if operator == "StringLike" else value == given
                for value in _listed(values)
            ):
                return False
    return True


def _like(pattern: str, text: str) -> bool:
    """Match with * and ?, as IAM does; nothing else is special."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.S) is not None


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
