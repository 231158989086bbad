from flaskship.rollout.progress import deadline_passed


def test_the_deadline_passes_after_its_last_second():
    assert not deadline_passed(100.0, 60, now=160.0, complete=False)
    assert deadline_passed(100.0, 60, now=160.1, complete=False)


def test_a_complete_rollout_has_no_deadline():
    assert not deadline_passed(100.0, 60, now=9999.0, complete=True)
