"""What is asked of the API after everything was applied."""

from collections.abc import Callable

from flaskship.aws.rehearsal.account_facts import account_facts, bootstrap_facts
from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.app_facts import app_facts
from flaskship.aws.rehearsal.network_facts import network_facts
from flaskship.aws.rehearsal.outcome import Fact
from flaskship.aws.rehearsal.platform_facts import platform_facts
from flaskship.aws.rehearsal.role_facts import strangers

Look = Callable[[int, str], list[Fact]]
LOOKS: dict[str, Look] = {
    "bootstrap": bootstrap_facts,
    "account": account_facts,
    "network": network_facts,
    "platform": platform_facts,
    "app": app_facts,
}


def look(port: int, environment: str, stacks: set[str]) -> tuple[Fact, ...]:
    """Return the facts of the applied stacks; one that cannot be asked is one that does not hold."""
    found: list[Fact] = []
    for stack, facts in LOOKS.items():
        if stack in stacks:
            try:
                found += facts(port, environment)
            except (KeyError, IndexError, ValueError, TypeError) as error:
                found.append(Fact(stack, "can be asked", False, f"{type(error).__name__}: {error}"))
            except client(port, "sts").exceptions.ClientError as error:
                found.append(Fact(stack, "can be asked", False, str(error)))
    return (*found, strangers(port, f"my-app-{environment}", stacks), groups_end(port), keys_turn(port))


def groups_end(port: int) -> Fact:
    """Ask for log groups without a retention: whatever made one, it is paid for ever."""
    pages = client(port, "logs").get_paginator("describe_log_groups").paginate()
    groups = [one for page in pages for one in page["logGroups"]]
    endless = sorted(one["logGroupName"] for one in groups if "retentionInDays" not in one)
    says = f"each of {len(groups)} log groups has an end"
    return Fact("every stack", says, not endless, ", ".join(endless))


def keys_turn(port: int) -> Fact:
    """Ask for keys of ours that AWS does not rotate."""
    kms = client(port, "kms")
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    ours = [one["KeyId"] for one in keys if one["KeyManager"] == "CUSTOMER" and one["KeyState"] == "Enabled"]
    still = [one for one in ours if not kms.get_key_rotation_status(KeyId=one)["KeyRotationEnabled"]]
    return Fact("every stack", f"each of {len(ours)} keys of ours is rotated", not still, ", ".join(still))
