"""The queue before SQLite's lock: in order, one at a time, and nobody waits for ever."""

import threading

import pytest
from app_support import wait_until

from tomorrows.storage.turns import Turns, TurnTimeout


def start(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def queued(turns, number):
    wait_until(lambda: len(turns._waiting) == number)


def test_who_came_first_goes_first():
    turns, order, threads = Turns(), [], []

    def work(name):
        with turns.turn(30):
            order.append(name)

    with turns.turn(30):
        for number in range(8):
            threads.append(start(lambda number=number: work(number)))
            queued(turns, number + 1)
        assert order == []
    for thread in threads:
        thread.join(30)
    assert order == list(range(8))


def test_one_at_a_time():
    turns, inside, most = Turns(), 0, 0

    def work():
        nonlocal inside, most
        for _ in range(200):
            with turns.turn(30):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [start(work) for _ in range(8)]
    for thread in threads:
        thread.join(30)
    assert most == 1
    with turns.turn(0):
        pass


def test_who_waited_too_long_leaves_the_queue_to_the_others():
    turns, late, order = Turns(), [], []

    def impatient():
        try:
            with turns.turn(0.05):
                order.append("late")
        except TurnTimeout:
            late.append(True)

    def patient():
        with turns.turn(30):
            order.append("patient")

    with turns.turn(30):
        first = start(impatient)
        queued(turns, 1)
        second = start(patient)
        first.join(30)
        queued(turns, 1)
    second.join(30)
    assert (late, order) == ([True], ["patient"])


def test_a_turn_ends_with_its_block_however_that_ends():
    turns = Turns()
    with pytest.raises(RuntimeError), turns.turn(0):
        raise RuntimeError
    with turns.turn(0):
        pass
