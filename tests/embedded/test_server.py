"""Starting, sharing, stopping, and what may interrupt them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from foundry.embedded import EmbeddedPostgresError, Server, private
from foundry.embedded import server as server_module

from .conftest import Child, clean_up, postmaster, sql, wait_until

Spawn = Callable[..., Child]

START_AND_WAIT = """
server.ensure_running()
say("running")
sys.stdin.read()
"""


def started(child: Child) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_it_starts_and_stops(server: Server) -> None:
    server.ensure_running()
    assert server.is_running()
    server.stop()
    assert not server.is_running()


def test_a_fresh_home_gets_the_database(empty_home: Path) -> None:
    server = Server(empty_home)
    server.ensure_running()
    assert sql(server, "SELECT current_database()") == "foundry"
    assert sql(server, "SHOW server_encoding") == "UTF8"
    assert sql(server, "SHOW timezone") == "UTC"
    assert sql(server, "SHOW fsync") == "on"
    assert sql(server, "SELECT lower('Ä')") == "ä"


def test_a_server_for_tests_does_not_wait_for_the_disk(server: Server) -> None:
    server.ensure_running()
    assert sql(server, "SHOW fsync") == "off"


def test_it_stops_at_the_ordinary_end_of_its_starter(server: Server, spawn: Spawn) -> None:
    child = spawn(server.home, START_AND_WAIT)
    assert started(child) == "running"
    assert server.is_running()
    child.communicate()
    assert child.returncode == 0
    assert not server.is_running()


def test_whoever_finds_it_running_does_not_stop_it(server: Server, spawn: Spawn) -> None:
    server.ensure_running()
    number = postmaster(server)
    child = spawn(server.home, START_AND_WAIT + "server.stop()")
    child.communicate()
    assert child.returncode == 0
    assert server.is_running()
    assert postmaster(server) == number


def test_killing_the_starter_stops_it_and_keeps_the_data(server: Server, spawn: Spawn) -> None:
    child = spawn(
        server.home,
        """
server.ensure_running()
sql("CREATE TABLE kept_by_its_end AS SELECT 42 AS number")
say("running")
sys.stdin.read()
""",
    )
    assert started(child) == "running"
    child.kill()
    wait_until(lambda: not server.is_running())
    server.ensure_running()
    assert sql(server, "SELECT number FROM kept_by_its_end") == 42


def test_killing_the_starter_while_it_starts_leaves_nothing(server: Server, spawn: Spawn) -> None:
    child = spawn(server.home, START_AND_WAIT)
    wait_until((server.data / "postmaster.pid").exists)
    child.kill()
    server.ensure_running()
    assert server.is_running()


def test_processes_that_start_at_once_share_one_server(empty_home: Path, spawn: Spawn) -> None:
    code = """
server.ensure_running()
say(sql("SELECT pg_postmaster_start_time()"))
sys.stdin.read()
"""
    children = [spawn(empty_home, code) for _ in range(3)]
    assert len({started(child) for child in children}) == 1


def test_an_interrupted_set_up_is_done_again(empty_home: Path, spawn: Spawn) -> None:
    child = spawn(empty_home, START_AND_WAIT)
    server = Server(empty_home, durable=False)
    wait_until((server.private_dir / "data.new" / "PG_VERSION").exists)
    child.kill()
    assert not server.data.exists()
    server.ensure_running()
    assert sql(server, "SELECT 1") == 1


def test_it_starts_again_after_its_own_crash(home: Path, spawn: Spawn) -> None:
    server = Server(home)
    server.ensure_running()
    sql(server, "CREATE TABLE kept_by_the_log AS SELECT 42 AS number")
    spawn(server.home, "sql('SELECT pg_sleep(60)')")
    wait_until(lambda: sql(server, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 1)
    os.kill(postmaster(server), signal.SIGKILL)
    server.ensure_running()
    assert sql(server, "SELECT number FROM kept_by_the_log") == 42


def test_a_crashed_server_that_another_process_restarted_is_left_to_it(server: Server, spawn: Spawn) -> None:
    server.ensure_running()
    os.kill(postmaster(server), signal.SIGKILL)
    assert started(spawn(server.home, START_AND_WAIT)) == "running"
    server.stop()
    assert server.is_running()


def test_a_forked_child_does_not_stop_it(server: Server, spawn: Spawn) -> None:
    child = spawn(
        server.home,
        """
server.ensure_running()
if os.fork() == 0:
    server.stop()
    sys.exit()
os.wait()
say(sql("SELECT 'answers'"))
""",
    )
    assert child.communicate()[0] == "answers\n"


def test_a_forked_child_does_not_keep_it_alive(server: Server, spawn: Spawn) -> None:
    child = spawn(
        server.home,
        """
server.ensure_running()
if os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
say("running")
sys.stdin.read()
""",
    )
    assert started(child) == "running"
    child.kill()
    wait_until(lambda: not server.is_running())


def test_it_outlives_the_thread_that_started_it(server: Server) -> None:
    thread = threading.Thread(target=server.ensure_running)
    thread.start()
    thread.join()
    assert sql(server, "SELECT 1") == 1


def test_an_interrupt_in_the_terminal_does_not_stop_it(server: Server, spawn: Spawn) -> None:
    child = spawn(
        server.home,
        """
import time
server.ensure_running()
try:
    say("running")
    for _ in range(3000):  # not one long wait, before which it may come unnoticed
        time.sleep(0.02)
except KeyboardInterrupt:
    say(sql("SELECT 'answers'"))
""",
    )
    assert started(child) == "running"
    os.killpg(child.pid, signal.SIGINT)
    assert child.communicate()[0] == "answers\n"


@pytest.mark.parametrize("name", ["x" * 100, "a,b", 'it\'s a "home" '])
def test_any_path_will_do(name: str, copied_home: Path) -> None:
    home = copied_home.rename(copied_home.with_name(name))
    server = Server(home, durable=False)
    server.ensure_running()
    try:
        assert sql(server, "SELECT 1") == 1
    finally:
        clean_up(home)


def test_a_stale_process_number_that_is_in_use_again_does_not_matter(server: Server, spawn: Spawn) -> None:
    server.ensure_running()
    text = (server.data / "postmaster.pid").read_text()
    number = str(postmaster(server))
    os.kill(int(number), signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(int(number)))
    (server.data / "postmaster.pid").write_text(text.replace(number, str(os.getpid()), 1))
    server.ensure_running()
    assert sql(server, "SELECT 1") == 1


def test_data_of_another_version_are_refused(empty_home: Path) -> None:
    server = Server(empty_home)
    server.data.mkdir(parents=True)
    server.private_dir.chmod(0o700)
    (server.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match=rf"{server.data} is of version 17.*pg_dump.*DATABASE_URL"):
        server.ensure_running()


def test_a_failed_start_shows_the_log(copied_home: Path) -> None:
    server = Server(copied_home)
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("nonsense = 1\n")
    with pytest.raises(EmbeddedPostgresError, match=rf'(?s){server.log} ends:.*parameter "nonsense".*DATABASE_URL'):
        server.ensure_running()


def test_a_failed_set_up_shows_the_log(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "USER", "pg_reserved")
    with pytest.raises(EmbeddedPostgresError, match=r"(?s)initdb failed.*pg_reserved.*DATABASE_URL"):
        Server(empty_home).ensure_running()


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedPostgresError, match=r"tmp|file.*DATABASE_URL"):
        Server(tmp_path / "file" / ".foundry").ensure_running()


def test_a_directory_open_to_others_is_refused(empty_home: Path) -> None:
    server = Server(empty_home)
    server.private_dir.mkdir(mode=0o755, parents=True)
    with pytest.raises(EmbeddedPostgresError, match=rf"needs {server.private_dir} to belong"):
        server.ensure_running()


def test_waiting_for_another_process_ends(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(empty_home)
    server.private_dir.mkdir(mode=0o700, parents=True)
    monkeypatch.setattr(server_module, "PATIENCE_SECONDS", 0.1)
    with private.attempt_lock(server.private_dir / "lock") as lock:
        assert lock is not None
        with pytest.raises(EmbeddedPostgresError, match="held by another process"):
            server.ensure_running()
