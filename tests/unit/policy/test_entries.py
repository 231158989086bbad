"""How entries of lists are called: never by position."""

import pytest

from flaskship.policy.entries import entry_name
from flaskship.policy.node import Node


@pytest.mark.parametrize(
    ("key", "item", "name"),
    [
        ("volumes", {"name": "tmp", "emptyDir": {}}, "tmp"),
        ("metrics", {"type": "Resource", "resource": {"name": "cpu"}}, "Resource cpu"),
        ("metrics", {"type": "Pods", "pods": {"metric": {"name": "rate"}}}, "Pods rate"),
        ("to", {"ipBlock": {"cidr": "::/0"}}, "::/0"),
        ("from", {"ipBlock": {"cidr": "10.0.0.0/8"}}, ""),
        ("ports", {"port": 443, "protocol": "TCP"}, "443"),
        ("env", {"name": "A", "value": "1"}, ""),
        ("envFrom", {"configMapRef": {"name": "shop-config"}}, "shop-config"),
        ("envFrom", {"configMapRef": {"name": "shop-0123456abc"}}, "shop"),
        ("paths", {"path": "/", "backend": {"service": {"name": "shop"}}}, "shop"),
        ("verbs", "get", "get"),
        ("args", "--quiet", ""),
        ("volumes", None, ""),
    ],
)
def test_an_entry_is_called(key: str, item: object, name: str) -> None:
    assert entry_name(key, Node(item)) == name
