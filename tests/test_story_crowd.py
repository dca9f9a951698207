"""Restart-proof: a crowd of scripts at work, while the server is killed, and hands over, again and again."""

import pytest

from .crowd import HAND_OVER, KILL, Crowd
from .crowd_checks import check

pytestmark = pytest.mark.story
SMALL = (2, {"real": 2, "own": 2, "standins": 18})
LARGE = (10, {"real": 10, "own": 10, "standins": 170})
SIZES = [
    pytest.param(*SMALL, id="24 scripts"),
    pytest.param(*LARGE, id="200 scripts", marks=[pytest.mark.crowd, pytest.mark.timeout(3000)]),
]


@pytest.mark.parametrize(("times", "sizes"), SIZES)
def test_no_restart_ends_a_script_nor_a_session_that_was_silent_nor_mixes_up_a_log(new_server, tmp_path, times, sizes):
    crowd = Crowd(new_server(sweep_seconds=1), tmp_path, **sizes)
    try:
        for how in (HAND_OVER, KILL):
            crowd.run_all()
            before = [crowd.restart(how)[0] for _ in range(times)]
            after = crowd.finish()
            check(crowd, how, before, after)
    finally:
        crowd.close()
