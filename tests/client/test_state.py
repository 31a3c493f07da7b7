"""Notes about transfers that outlive the process."""

from __future__ import annotations

import fcntl
import stat
import threading
from pathlib import Path

import pytest

from dms.client.failures import InUse
from dms.client.state import State, usual_folder

NOTE = {"url": "http://server/1", "lock": "abc"}


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    with State(tmp_path, "a", "b") as state:
        assert state.read() is None
        state.write({"url": "http://server/a-much-longer-url-than-the-next"})
        state.write(NOTE)
    with State(tmp_path, "a", "b") as state:
        assert state.read() == NOTE
    with State(tmp_path, "ab") as state:
        assert state.read() is None


def test_a_note_is_for_the_eyes_of_its_owner_only(tmp_path: Path) -> None:
    with State(tmp_path / "new" / "folder", "a") as state:
        state.write(NOTE)
        assert stat.S_IMODE(state.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(state.path.parent.stat().st_mode) == 0o700


def test_nothing_stays_of_a_note_that_is_forgotten_or_was_never_written(tmp_path: Path) -> None:
    with State(tmp_path, "a") as state:
        state.write(NOTE)
        state.forget()
    with State(tmp_path, "b"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_processes_do_not_hold_the_same_note(tmp_path: Path) -> None:
    with State(tmp_path, "a"), pytest.raises(InUse, match="Another process"), State(tmp_path, "a"):
        pass


def test_a_note_that_a_crash_cut_off_counts_as_none(tmp_path: Path) -> None:
    with State(tmp_path, "a") as state:
        state.write(NOTE)
        state.path.write_bytes(state.path.read_bytes()[:-5])
        assert state.read() is None
        state.path.write_bytes(b"[]")
        assert state.read() is None


def test_many_that_come_and_go_never_hold_it_together(tmp_path: Path) -> None:
    """One that forgets its note while another takes hold of it leaves that other a note of its own."""
    holders, most, rounds = 0, 0, 0
    counting = threading.Lock()

    def come_and_go() -> None:
        nonlocal holders, most, rounds
        for _ in range(100):
            try:
                with State(tmp_path, "a") as state:
                    with counting:
                        holders, rounds = holders + 1, rounds + 1
                        most = max(most, holders)
                    state.write(NOTE)
                    assert state.path.exists()
                    with counting:
                        holders -= 1
                    state.forget()
            except InUse:
                continue

    threads = [threading.Thread(target=come_and_go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert rounds > 0
    assert list(tmp_path.iterdir()) == []


def test_a_note_that_is_forgotten_while_another_takes_hold_of_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, calls = fcntl.flock, 0

    def flock(descriptor: int, operation: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            state.path.unlink()
        lock(descriptor, operation)

    state = State(tmp_path, "a")
    monkeypatch.setattr(fcntl, "flock", flock)
    with state:
        state.write(NOTE)
        assert state.path.exists()
    assert calls == 2


def test_notes_are_kept_where_the_user_says_programs_remember(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert usual_folder() == Path("/elsewhere/dms/transfers")
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", "/home/jansen")
    assert usual_folder() == Path("/home/jansen/.local/state/dms/transfers")


def test_a_note_that_is_cleared_stays_held_and_can_be_written_again(tmp_path: Path) -> None:
    with State(tmp_path, "a") as state:
        state.write(NOTE)
        state.clear()
        assert state.read() is None
        with pytest.raises(InUse), State(tmp_path, "a"):
            pass
        state.write(NOTE)
    with State(tmp_path, "a") as state:
        assert state.read() == NOTE
