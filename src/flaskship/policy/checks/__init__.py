"""The registry of rules, in the order of their page."""

from flaskship.policy.checks import (
    dead_api,
    drop_capabilities,
    duplicate_entry,
    explicit_null,
    high_uid,
    host_access,
    image_digest,
    image_tag,
    invalid_field,
    memory_limit,
    old_api,
    privilege_escalation,
    pull_policy,
    read_only_root,
    resource_requests,
    run_as_non_root,
    seccomp_profile,
    unknown_field,
)
from flaskship.policy.rule import Rule

RULES: tuple[Rule, ...] = (
    run_as_non_root,
    high_uid,
    read_only_root,
    privilege_escalation,
    drop_capabilities,
    seccomp_profile,
    host_access,
    image_tag,
    image_digest,
    pull_policy,
    resource_requests,
    memory_limit,
    invalid_field,
    unknown_field,
    duplicate_entry,
    dead_api,
    old_api,
    explicit_null,
)
