"""The cluster that KUBECONFIG names, as the tests reach it."""

import os

import pytest

from flaskship.engines.kubernetes.client import Cluster
from flaskship.engines.kubernetes.kubeconfig import read_kubeconfig

IMAGE = os.environ.get("FLASKSHIP_TEST_IMAGE", "cloudandparth/my-demo-app:1.0")
"""Built from app/ and loaded into the cluster's nodes before: the tests pull nothing."""


def current_context() -> str:
    """The context of KUBECONFIG that is current: tests are told by it which cluster they may use."""
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG names no cluster to test on: KUBECONFIG=FILE make test-cluster")
    config = read_kubeconfig()
    context = os.environ.get("FLASKSHIP_TEST_CONTEXT") or config.current
    if not context:
        pytest.skip("the kubeconfig has no current context: set FLASKSHIP_TEST_CONTEXT")
    return context


def connect() -> Cluster:
    """A client of its own on that cluster."""
    return Cluster.of(current_context())
