"""manage.py demo, as far as it goes without processes."""

import io

import pytest
from django.urls import reverse
from rich.console import Console

from foundry.cli.credentials import Credentials
from foundry.cli.demo import examples, platform, screen
from foundry.cli.demo.errors import DemoError
from foundry.cli.demo.processes import Process, Processes
from foundry.cli.management.commands import demo
from foundry.client import Foundry, FoundryError


@pytest.mark.parametrize("port", ["80000", "0", "-1", "abc"])
def test_a_port_that_cannot_be_is_told(run, port):
    ended = run("demo", "--once", "--port", port)
    assert (ended.code, ended.out) == (1, "")
    assert f"Port {port} cannot be: a port is a number from 1 to 65535" in ended.err


def test_when_the_web_server_is_broken_its_log_is_shown(tmp_path, monkeypatch):
    def fail(*arguments):
        raise FoundryError(status=500, title="Is the address right?")

    monkeypatch.setattr(examples, "compute", fail)
    (log := tmp_path / "web.log").write_text("why\n")
    processes = Processes(home=tmp_path, lock=0)
    processes._started.append(Process("web server", log))
    with pytest.raises(DemoError) as told:
        demo._compute(None, processes, Credentials("http://127.0.0.1:1", "t"))
    assert str(told.value) == f"The web server answered 500. {log} ends:\nwhy"


def test_items_of_an_earlier_run_are_told(live_server, owner, make_request, nothing_computes, monkeypatch):
    make_request({"number": 1}, {"number": 2})
    monkeypatch.setattr(examples, "examples", list)
    console = Console(file=io.StringIO())
    examples.compute(console, Foundry(live_server.url, owner.secret), lambda: None)
    assert "First finishing 2 items of an earlier run" in console.file.getvalue()


def test_who_is_signed_in_stays_so_over_runs_until_the_data_are_removed(client, db, settings, tmp_path):
    settings.FOUNDRY_HOME = tmp_path
    first = platform.sign_in("http://127.0.0.1:8000")
    assert (tmp_path / "demo.password").stat().st_mode & 0o777 == 0o600
    assert client.login(username="demo", password=first.password)
    second = platform.sign_in("http://127.0.0.1:8000")
    assert (second.password, second.token == first.token) == (first.password, False)
    assert client.get(reverse("portal:account")).status_code == 200
    (tmp_path / "demo.password").unlink()
    assert platform.sign_in("http://127.0.0.1:8000").password != first.password
    assert client.get(reverse("portal:account")).status_code == 302


@pytest.mark.parametrize(("mail_url", "is_told"), [("console:", True), ("smtp://mail.example", False)])
def test_where_mails_are_that_are_not_sent(mail_url, is_told, settings, tmp_path):
    settings.FOUNDRY_MAIL_URL, settings.FOUNDRY_HOME = mail_url, tmp_path
    console = Console(file=io.StringIO(), width=80)
    screen.show(console, Credentials("http://127.0.0.1:8000", "fdy_secret", "password"))
    assert (f"not sent, but written into {tmp_path}/worker.log" in console.file.getvalue()) is is_told
