"""What Kubernetes documents, rule by rule: the test that holds it, and a change that this test has to see.

`python -m tests.meaning page` writes docs/reference/kubernetes-meaning.md from it; `python -m tests.meaning break`
makes each change in a copy of the sources and runs the tests, which have to fail.
"""

from tests.meaning.moving import MOVING
from tests.meaning.rule import K, Rule
from tests.meaning.running import RUNNING

__all__ = ["RULES", "K", "Rule"]
RULES = (*RUNNING, *MOVING)
