from dataclasses import replace

from flaskship.aws.rehearsal.outcome import Checked, DriftFound, Fact, Rehearsal, StackRun
from flaskship.aws.rehearsal.report import lines

RUN = StackRun("network", 30, 12.0, 3.0, 4.0, destroyed=True)
GOOD = Rehearsal(
    "dev",
    "5.100.0",
    20.0,
    (RUN,),
    (Fact("network", "the nodes alone reach the database", True, "nodes"),),
    (DriftFound("network", "DNS was switched off", "aws_vpc.this", True),),
    ("eks:CreateAddon", "eks:DeleteAddon", "logs:PutQueryDefinition"),
    (),
    (),
    (Checked("reachability", "rules of ours"),),
)


def test_a_good_one_marks_nothing_no_and_names_the_doubles() -> None:
    text = "\n".join(lines(GOOD))
    assert GOOD.good
    assert "NO" not in text
    assert "  eks: CreateAddon, DeleteAddon\n  logs: PutQueryDefinition\n" in text
    assert "  ok  nothing" in text
    assert "1 of 1 hold" in text


def test_what_was_not_made_and_not_asked_has_no_heading() -> None:
    text = "\n".join(lines(replace(GOOD, drift=(), doubled=())))
    assert "drift" not in text
    assert "doubles" not in text
    assert "drift, made behind" in "\n".join(lines(GOOD))


def test_each_way_to_fail_is_marked_and_makes_it_not_good() -> None:
    bad = [
        replace(GOOD, stacks=(replace(RUN, second_plan=("aws_vpc.this",)),)),
        replace(GOOD, stacks=(replace(RUN, errors=("it broke",)),)),
        replace(GOOD, stacks=(replace(RUN, destroyed=False),)),
        replace(GOOD, facts=(Fact("network", "closed", False, "open"),)),
        replace(GOOD, drift=(DriftFound("network", "x", "y", False),)),
        replace(GOOD, left=("bucket forgotten",)),
    ]
    for one in bad:
        assert not one.good
        assert any("NO" in line for line in lines(one))
