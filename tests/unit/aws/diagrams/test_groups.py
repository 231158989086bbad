from flaskship.aws.diagrams.groups_picture import layers_of
from flaskship.aws.diagrams.model import Group, Network, Rule


def network(*rules: Rule) -> Network:
    names = sorted({name for rule in rules for name in (rule.source, rule.group)} - {"anywhere"})
    groups = tuple(Group(name, "") for name in names)
    return Network("n", "r", "10.0.0.0/16", True, (), (), groups, rules, "")


def test_a_group_stands_below_the_first_that_reaches_it() -> None:
    rules = (
        Rule("anywhere", "alb", ()),
        Rule("alb", "nodes", ()),
        Rule("nodes", "db", ()),
        Rule("alb", "db", ()),
    )
    assert layers_of(network(*rules)) == [["anywhere"], ["alb"], ["db", "nodes"]]


def test_a_circle_and_a_loop_end() -> None:
    rules = (Rule("anywhere", "a", ()), Rule("a", "b", ()), Rule("b", "a", ()), Rule("b", "b", ()))
    assert layers_of(network(*rules)) == [["anywhere"], ["a"], ["b"]]


def test_groups_that_nobody_outside_reaches_stand_in_the_first_row_below() -> None:
    rules = (Rule("anywhere", "a", ()), Rule("x", "y", ()), Rule("y", "x", ()))
    assert layers_of(network(*rules)) == [["anywhere"], ["a", "x", "y"]]


def test_nothing_at_all() -> None:
    assert layers_of(network()) == []
