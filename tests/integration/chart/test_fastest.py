"""The chart that the benchmark races against writes the objects of ours: else their times say nothing."""

from benchmarks.render import ROOT, verify_same


def test_the_benchmarks_chart_writes_the_same_objects() -> None:
    assert verify_same({"ours": ROOT / "infra/helmchart", "fastest": ROOT / "benchmarks/fastest"}) > 5
