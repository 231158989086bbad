import json

from benchmarks.figures import Goal, Options, Result, Series, ratio


def test_a_ratio_compares_the_sides_of_each_round() -> None:
    disturbed = Series("ours", values=[1.0, 10.0, 1.0]), Series("theirs", values=[2.0, 20.0, 1.0])
    assert ratio(*disturbed) == 0.5


def test_a_goal_is_met_at_its_limit() -> None:
    assert Goal("memory", 60, 60).met
    assert not Goal("memory", 60.1, 60).met
    assert Goal("requests", 100, 100, at_least=True).met
    assert not Goal("requests", 99, 100, at_least=True).met


def test_a_missed_goal_says_so_with_its_figure_and_its_limit() -> None:
    assert "MISSED  start: 1.800 (<= 1.25)" in str(Goal("start", 1.8, 1.25))


def test_a_result_shows_minimum_median_and_maximum() -> None:
    result = Result(
        "start", [Series("ours", values=[3.0, 1.0, 2.0]), Series("none")], [Goal("g", 1, 2)], ["why"]
    )
    text = result.text()
    assert "1.000 /     2.000 /     3.000 s" in text
    assert "none" not in text
    assert "why" in text


def test_a_document_keeps_every_round() -> None:
    result = Result("start", [Series("ours", values=[3.0, 1.0])], [Goal("goal", 1, 2)])
    document = json.loads(json.dumps(result.document()))
    assert document["series"][0] == {
        "name": "ours", "unit": "s", "min": 1.0, "median": 2.0, "max": 3.0, "values": [3.0, 1.0]
    }  # fmt: skip
    assert document["goals"][0]["met"] is True


def test_a_tiny_run_takes_the_small_number() -> None:
    assert Options(tiny=True).pick(100, 1) == 1
    assert Options().pick(100, 1) == 100
