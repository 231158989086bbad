"""What a pod needs beside itself: addresses, databases, Secrets and accounts, judged in our environments."""

from pathlib import Path

import pytest
from tests.integration.policy.checking import API, check


@pytest.mark.parametrize(
    ("part", "value", "rule"),
    [
        ("env: {REDIS_URL", "redis://10.9.9.9:6379", "network-cut"),
        ("config: {PEER", "http://my-tomorrows-admin:80/", "network-cut"),
        ("config: {CACHE", "http://10.9.9.9:8080/", "network-cut"),
        ("env: {REDIS_URL", "redis://cache.example.com", "network-unknown"),
        ("env: {OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.observability:4317", "network-unknown"),
    ],
)
def test_a_url_that_no_policy_opens_is_told_at_its_line(
    tmp_path: Path, part: str, value: str, rule: str
) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(f'applications:\n  my-tomorrows-api:\n    {part}: "{value}"}}\n')
    (found,) = check("staging", "-f", str(extra)).of(rule)
    assert found["values"] == {"file": str(extra), "line": 3}


def test_a_url_in_a_command_line_is_told_at_it(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(
        'applications:\n  my-tomorrows-admin:\n    args: ["--peer", "http://my-tomorrows-worker"]\n'
    )
    (found,) = check("staging", "-f", str(extra)).of("network-cut")
    assert found["values"] == {"file": str(extra), "line": 3}


KEYS = "[database-url, api-key, ui-password]"


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        ("{provider: existing}", ()),
        (f"{{provider: existing, existing: {{app-secrets: {KEYS}}}}}", ()),
        ("{provider: existing, existing: {payment: []}}", ()),
        # What is declared has its keys: prod wants an API key and passwords of its pages.
        (
            "{provider: existing, existing: {app-secrets: [database-url, apikey, ui-password]}}",
            ("asks for key api-key of Secret app-secrets, which has apikey, database-url, ui-password",),
        ),
        # Almost the declared name: one of the two is a slip.
        (
            f"{{provider: existing, appSecrets: app-secrts, existing: {{app-secrets: {KEYS}}}}}",
            (
                "asks for Secret app-secrts, which this environment does not make; did you mean app-secrets?",
                "asks for key ",
            ),
        ),
    ],
)
def test_a_secret_that_the_values_declare_as_somebody_elses_is_not_missing(
    tmp_path: Path, secrets: str, told: tuple[str, ...]
) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"secrets: {secrets}\n")
    found = [one["message"] for one in check("prod", "-f", str(extra)).of("reference-missing")]
    assert all(one.startswith(told) for one in found), found
    assert bool(found) == bool(told)


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        ("{}", ["asks for Secret paymnt, which this environment does not make"]),
        (
            "{existing: {payment: [key]}}",
            ["asks for Secret paymnt, which this environment does not make; did you mean payment?"],
        ),
        ("{existing: {paymnt: [kee]}}", ["asks for key key of Secret paymnt, which has kee"]),
        ("{existing: {paymnt: [key]}}", []),
        ("{existing: {paymnt: []}}", []),
    ],
)
def test_a_secret_of_ones_own_is_declared_by_its_name(tmp_path: Path, secrets: str, told: list[str]) -> None:
    extra = tmp_path / "extra.yaml"
    reference = "{valueFrom: {secretKeyRef: {name: paymnt, key: key}}}"
    head = f"secrets: {secrets}\napplications:\n  my-tomorrows-api:\n"
    extra.write_text(f"{head}    env:\n      PAYMENT_SIGNER: {reference}\n")
    checked = check("prod", "-f", str(extra))
    found = checked.of("reference-missing")
    # The migration has the variables of the application: one value, told once.
    assert [one["message"] for one in found] == told
    assert all(one["values"] == {"file": str(extra), "line": 5} for one in found)
    assert checked.code == (3 if told else 0)


def test_an_account_that_the_infrastructure_makes_is_not_missing() -> None:
    sets = [
        f"{API}.aws.access=true",
        "aws.createServiceAccount=false",
        "networkPolicy.awsCidrs={10.0.8.0/24}",
    ]
    words = [word for one in sets for word in ("--set", one)]
    assert check("prod", *words).of("reference-missing") == []
    assert check("prod", *words, "--set", "aws.serviceAccount=shared").of("reference-missing") == []


EGRESS = f"{API}.networkPolicy.egress[0]"


@pytest.mark.parametrize(
    ("sets", "found"),
    [
        # The address is that of RDS, behind a Secret from outside: without its networks nothing is proven.
        (("networkPolicy.databaseCidrs={}",), ("network-unknown",)),
        (("networkPolicy.databaseCidrs={10.0.0.0/8}",), ()),
        # An address that a value tells is compared exactly, block and port.
        ((f"{API}.env.DATABASE_URL=postgresql://10.0.30.9/x",), ()),
        ((f"{API}.env.DATABASE_URL=postgresql://10.0.32.9/x",), ("network-cut",)),
        ((f"{API}.env.DATABASE_URL=postgresql://10.0.30.9:5433/x",), ("network-cut",)),
        (
            (f"{API}.env.DATABASE_URL=postgresql://10.0.32.9/x", f"{EGRESS}.to[0].ipBlock.cidr=10.0.32.0/24"),
            (),
        ),
        (
            (
                f"{API}.env.DATABASE_URL=postgresql://10.0.32.9/x",
                f"{EGRESS}.to[0].ipBlock.cidr=10.0.32.0/24",
                f"{EGRESS}.to[0].ipBlock.except={{10.0.32.8/29}}",
            ),
            ("network-cut",),
        ),
    ],
)
def test_the_way_to_the_database_is_judged_by_address_and_port(
    tmp_path: Path, sets: tuple[str, ...], found: tuple[str, ...]
) -> None:
    extra = tmp_path / "extra.yaml"
    block = "{to: [{ipBlock: {cidr: 10.9.0.0/16}}], ports: [{port: 5432}]}"
    extra.write_text(f"defaults: {{networkPolicy: {{egress: [{block}]}}}}\n")
    words = [
        word for one in sets for word in ("--set", one.replace("{}", "null") if one.endswith("={}") else one)
    ]
    checked = check("prod", "-f", str(extra), *words)
    told = {one["rule"] for one in checked.open if one["application"] == "my-tomorrows-api"}
    assert told == set(found), checked.open
