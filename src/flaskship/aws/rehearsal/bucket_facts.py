"""Facts of a bucket: closed, versioned, encrypted, and spoken to by TLS alone."""

import json

from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.outcome import Fact


def bucket_facts(port: int, stack: str, name: str, says: str, *, key: bool = False) -> list[Fact]:
    """Ask S3 for a bucket; key tells whether it is encrypted by a key of ours."""
    s3 = client(port, "s3")
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    by = rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
    statements = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    denied = [
        one
        for one in statements
        if one["Effect"] == "Deny"
        and one["Action"] in ("s3:*", ["s3:*"])
        and one.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    kept = s3.get_bucket_versioning(Bucket=name).get("Status")
    wanted = "aws:kms" if key else "AES256"
    return [
        Fact(stack, f"{says} is closed to the public", all(block.values()), str(block)),
        Fact(stack, f"{says} keeps versions", kept == "Enabled", str(kept)),
        Fact(stack, f"{says} is encrypted ({wanted})", by == wanted, by),
        Fact(stack, f"{says} answers nobody without TLS", len(denied) == 1, str(statements)),
    ]
