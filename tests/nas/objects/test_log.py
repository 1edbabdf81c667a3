"""Of all who append, one gets each number, and whoever was taken over appends nothing more."""

import os
import random
import threading
import time

import pytest

from nas.errors import JournalCorruptError, JournalError
from nas.objects.folder import StoreError, object_folder
from nas.objects.log import RecordLog, name_of, read_after

LINES = 4
RACES = int(os.environ.get("NAS_TEST_RACES", "150"))  # 1,000 take two minutes


@pytest.fixture
def folder(bucket):
    return object_folder(f"{bucket}/mine", key="--study") / "journal"


def writer(folder, name, following=0):
    return RecordLog(folder, writer=name, next_number=following)


def test_what_was_appended_is_read_from_anywhere(folder):
    assert read_after(folder, 0) == (b"", 0)
    log = writer(folder, "a")
    assert log.claim()
    for line in (b"1\n", b"2\n", b"3\n"):
        log.append(line)
    assert read_after(folder, 0) == (b"1\n2\n3\n", 4)
    assert read_after(folder, 3) == (b"3\n", 4)
    assert read_after(folder, 4) == (b"", 4)


def test_a_claim_ends_the_writer_before(folder):
    first = writer(folder, "a")
    assert first.claim()
    first.append(b"1\n")
    late, second = writer(folder, "b", 1), writer(folder, "b", 2)
    assert not late.claim(), "it has not read the newest"
    assert second.claim()
    for _ in range(2):
        with pytest.raises(JournalError, match=r"taken|not kept"):
            first.append(b"2\n")
    second.append(b"3\n")
    assert read_after(folder, 0)[0] == b"1\n3\n"


def test_after_an_error_nothing_is_appended_for_what_was_kept_is_not_known(folder, object_server):
    log = writer(folder, "a")
    log.append(b"1\n")
    object_server.refuse = lambda _request: 403
    with pytest.raises(StoreError):
        log.append(b"2\n")
    object_server.refuse = None
    with pytest.raises(JournalError, match="resume"):
        log.append(b"3\n")
    assert read_after(folder, 0)[0] == b"1\n"


def test_an_answer_that_was_lost_loses_and_doubles_nothing(folder, object_server):
    """The object is put, the answer is an error: the library sends it again."""
    log = writer(folder, "a")
    put = folder.put_new(name_of(0), b"driver a\n1\n")
    assert put
    log.append(b"1\n")  # what the library's second request does
    log.append(b"2\n")
    assert read_after(folder, 0) == (b"1\n2\n", 2)


def test_what_is_missing_or_no_record_is_told(folder):
    log = writer(folder, "a")
    for line in (b"1\n", b"2\n", b"3\n"):
        log.append(line)
    folder.remove([name_of(1)])
    with pytest.raises(JournalCorruptError, match=f"{name_of(1)} is missing"):
        read_after(folder, 0)
    folder.put(name_of(1), b"else\n")
    with pytest.raises(JournalCorruptError, match="not a record"):
        read_after(folder, 0)


def appends(log, acknowledged, name):
    """Append until told that another has taken over, `LINES` at most, with training in between."""
    pauses = random.Random(name)
    for number in range(LINES):
        time.sleep(pauses.choice((0.0, 0.005, 0.02)))
        line = f"{name} {number}\n".encode()
        try:
            log.append(line)
        except JournalError:
            return
        acknowledged.append(line)


def takes_over(folder, at, name):
    """Read and claim until the claim is ours, as a driver does that found another one dead."""
    while True:
        _, following = read_after(folder, at)
        log = writer(folder, name, following)
        if log.claim():
            return log
        at = following


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_races_of_two_drivers_lose_and_double_nothing(folder):
    """One appends while the other takes over; then the other way round, many times."""
    acknowledged: list[bytes] = []
    log = takes_over(folder, 0, "0")
    cut = 0
    for race in range(1, RACES + 1):
        before = len(acknowledged)
        incumbent = threading.Thread(target=appends, args=(log, acknowledged, race))
        at = log.next_number
        incumbent.start()
        successor = takes_over(folder, at, str(race))
        incumbent.join()
        cut += len(acknowledged) - before < LINES
        with pytest.raises(JournalError):
            log.append(b"too late\n")
        log = successor
    assert read_after(folder, 0) == (b"".join(acknowledged), log.next_number)
    assert cut > RACES / 10, f"{cut} takeovers came in the middle: too few to test anything"
