"""Tracebacks as logs really have them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.verification.traceback import MAX_LINES, isolate_traceback, raised

SIMPLE = (
    "Traceback (most recent call last):",
    '  File "/app/wsgi.py", line 3, in <module>',
    "    start()",
    "    ~~~~~^^",
    "ValueError: DATABASE_URL is empty",
)
CAUSE = "The above exception was the direct cause of the following exception:"
DURING = "During handling of the above exception, another exception occurred:"


def test_a_log_without_a_traceback_has_none():
    assert isolate_traceback(("starting", "  indented", "Error: no", "")) == ()
    assert isolate_traceback(()) == ()


def test_the_lines_around_it_are_left_out():
    log = ("[1] [INFO] Starting", *SIMPLE, "[1] [INFO] Worker exiting", "[1] [ERROR] Reason: Worker failed")
    assert isolate_traceback(log) == SIMPLE


def test_the_last_of_several_is_told():
    other = (*SIMPLE[:-1], "KeyError: 'b'")
    assert isolate_traceback((*SIMPLE, "carrying on", *other)) == other


@pytest.mark.parametrize("bridge", [CAUSE, DURING])
def test_a_chain_is_kept_whole(bridge):
    log = (*SIMPLE, "", bridge, "", *SIMPLE[:-1], "RuntimeError: cannot start")
    assert isolate_traceback(("before", *log, "after")) == log


def test_a_chain_of_three_is_kept_whole():
    log = (*SIMPLE, "", CAUSE, "", *SIMPLE, "", DURING, "", *SIMPLE)
    assert isolate_traceback(("before", *log)) == log


def test_two_that_only_follow_each_other_are_no_chain():
    assert isolate_traceback((*SIMPLE, "", "next attempt", "", *SIMPLE)) == SIMPLE


def test_indented_lines_of_the_message_belong_to_it():
    log = (*SIMPLE[:-1], "ValidationError: 1 error", "  port", "    not a number")
    assert isolate_traceback((*log, "bye")) == log


def test_an_unfinished_traceback_is_told_as_far_as_it_goes():
    assert isolate_traceback(SIMPLE[:3]) == SIMPLE[:3]
    assert raised(SIMPLE[:3]) is None


def test_a_log_that_was_cut_within_a_traceback_still_tells_it():
    log = ("    run()", *SIMPLE[1:])
    assert isolate_traceback((*log, "[1] [INFO] Worker exiting")) == log
    assert raised(log) == ("ValueError", "DATABASE_URL is empty")


def test_the_parsers_error_in_the_main_script_has_no_header():
    log = ('  File "/app/main.py", line 1', "    def (:", "        ^", "SyntaxError: invalid syntax")
    assert isolate_traceback(("before", *log)) == log


def test_the_parsers_error_in_a_module_keeps_its_header():
    log = (
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 1, in <module>',
        "    import broken",
        '  File "/app/broken.py", line 1',
        "    def (:",
        "        ^",
        "SyntaxError: invalid syntax",
    )
    assert isolate_traceback(("before", *log)) == log
    assert raised(isolate_traceback(log)) == ("SyntaxError", "invalid syntax")


def test_a_json_record_gives_its_traceback():
    record = {"level": "error", "event": "no", "exception": "\n".join(SIMPLE)}
    log = ("{not json Traceback", json.dumps({"event": "starting"}), json.dumps(record), '{"event": "bye"}')
    assert isolate_traceback(log) == SIMPLE


def test_a_group_is_found_by_its_own_header():
    log = (
        "  + Exception Group Traceback (most recent call last):",
        '  |   File "x.py", line 1, in <module>',
        "  | ExceptionGroup: two (2 sub-exceptions)",
        "  +-+---------------- 1 ----------------",
        "    | ValueError: a",
        "    +------------------------------------",
    )
    assert isolate_traceback(("before", *log)) == log
    assert raised(log) == ("ExceptionGroup", "two (2 sub-exceptions)")


def test_a_long_one_is_cut_in_its_middle():
    frames = tuple(f'  File "x.py", line {n}, in deep' for n in range(500))
    shown = isolate_traceback((SIMPLE[0], *frames, "RecursionError: too deep"))
    assert len(shown) == MAX_LINES
    assert shown[0] == SIMPLE[0]
    assert shown[-1] == "RecursionError: too deep"
    assert sum("lines left out" in line for line in shown) == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ModuleNotFoundError: No module named 'x'", ("ModuleNotFoundError", "No module named 'x'")),
        ("sqlalchemy.exc.OperationalError: (x) y: z", ("OperationalError", "(x) y: z")),
        ("KeyboardInterrupt", ("KeyboardInterrupt", "")),
    ],
)
def test_what_was_raised_is_told_without_its_module(line, expected):
    assert raised((*SIMPLE[:-1], line)) == expected


@given(
    st.lists(st.one_of(st.sampled_from([*SIMPLE, CAUSE, "", "{", "SyntaxError: x"]), st.text(max_size=30)))
)
def test_no_log_whatever_it_holds_breaks_it(lines):
    shown = isolate_traceback(lines)
    assert len(shown) <= MAX_LINES
    raised(shown)
