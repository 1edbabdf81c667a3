"""One driver holds a study; a living one is named, a dead one's study is taken over."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from nas.errors import JournalError
from nas.objects import lease
from nas.objects.folder import object_folder
from nas.objects.lease import NAME, Pace, holder, take

FAST = Pace(beat=0.1, dead=1.0, look=0.1, asleep=60.0)


@pytest.fixture
def folder(bucket):
    return object_folder(f"{bucket}/mine", key="--study")


def test_a_living_driver_is_named_and_a_released_study_is_taken_at_once(folder):
    first = take(folder, pace=FAST)
    watched = []
    with pytest.raises(JournalError, match=rf"process {os.getpid()}\) since 20") as raised:
        take(folder, pace=FAST, waiting=lambda seconds, who: watched.append((seconds, who)))
    assert str(folder) in str(raised.value)
    assert [(seconds, who.id) for seconds, who in watched] == [(1.0, first.holder.id)]
    assert holder(folder).id == first.holder.id
    first.release()
    assert holder(folder) is None
    before = time.monotonic()
    second = take(folder, pace=FAST)
    assert time.monotonic() - before < FAST.dead
    assert not second.lost
    second.release()


def test_a_driver_that_says_nothing_is_taken_over_and_learns_it(folder):
    first = take(folder, pace=Pace(beat=2.0))  # its next beat comes too late
    second = take(folder, pace=FAST)
    assert holder(folder).id == second.holder.id != first.holder.id
    first._ended.wait(2.5)
    assert first.lost
    first.release()
    assert holder(folder).id == second.holder.id, "a driver releases its own lease alone"
    second.release()


def test_a_driver_of_this_machine_that_has_ended_is_not_watched(folder, bucket):
    code = (
        "import os\nfrom nas.objects.folder import object_folder\n"
        "from nas.objects.lease import take\n"
        f"take(object_folder('{bucket}/mine', key='--study'))\nos._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert json.loads(folder.read(NAME).content)["released"] is False
    assert holder(folder) is None
    before = time.monotonic()
    take(folder, pace=Pace(dead=60.0)).release()
    assert time.monotonic() - before < 5


def test_a_number_of_a_process_that_is_used_again_is_another_process(folder):
    held = take(folder, pace=Pace(beat=60.0))
    assert not held.holder.gone
    assert lease.replace(held.holder, began="1").gone
    assert not lease.replace(held.holder, boot="of another machine", began="1").gone
    assert not lease.replace(held.holder, boot="", began="1").gone
    held.release()


def test_a_reader_calls_a_driver_gone_after_a_minute_of_silence(folder):
    held = take(folder, pace=Pace(beat=60.0))
    assert holder(folder) is not None
    time.sleep(1.1)
    assert holder(folder, pace=Pace(asleep=0.0)) is None
    held.release()


def test_a_store_that_does_not_answer_for_a_while_ends_no_lease(folder, object_server):
    held = take(folder, pace=FAST)
    object_server.refuse = lambda _request: 403
    time.sleep(0.5)
    object_server.refuse = None
    before = held.holder.beat
    time.sleep(0.5)
    assert not held.lost
    assert held.holder.beat > before
    held.release()


def test_of_two_that_find_a_dead_driver_one_takes_over(folder):
    take(folder, pace=Pace(beat=60.0))
    results: list[object] = []

    def run():
        try:
            results.append(take(folder, pace=FAST))
        except JournalError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(isinstance(each, JournalError) for each in results) == [False, True]
    for each in results:
        if not isinstance(each, JournalError):
            each.release()
