"""Management commands as events: which, by whom, and what comes back."""

from __future__ import annotations

import pytest
from django.core.management import CommandError

from foundry.accounts.models import Token
from foundry.aws.events import RefusedEventError
from tests.entry.conftest import Context

with_database = pytest.mark.django_db(transaction=True)

OPERATOR = Context(qualifier="operator")


@with_database
def test_a_harmless_command_is_run_and_its_output_returned_and_logged(invoke, capsys):
    answer = invoke({"manage": "migrate --noinput"})
    assert "No migrations to apply" in answer["output"]
    assert answer["output"] in capsys.readouterr().out


@with_database
def test_an_operators_command_may_be_quoted_and_its_output_is_not_logged(invoke, capsys):
    answer = invoke({"manage": "token create 'of the portal' --user portal --team portal"}, OPERATOR)
    assert Token.objects.get().name == "of the portal"
    assert answer["output"].startswith("fdy_")
    assert answer["output"].strip() not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "command",
    [
        "token create x --user x --team x",
        "token list",
        "migrate core zero",
        "migrate --fake",
        "migrate --database=other",
        "releases rollback toy",
    ],
)
@pytest.mark.parametrize("qualifier", ["", "7", "$LATEST", "operators"])
def test_what_gives_rights_or_takes_data_is_for_operators(command, qualifier, invoke):
    with pytest.raises(RefusedEventError, match="is for operators"):
        invoke({"manage": command}, Context(qualifier=qualifier))


@with_database
def test_in_production_only_operators_migrate_and_everybody_may_look(invoke, settings):
    settings.PRODUCTION = True
    with pytest.raises(RefusedEventError, match="is for operators"):
        invoke({"manage": "migrate --noinput"})
    assert invoke({"manage": "migrate --plan"})["output"]
    assert invoke({"manage": "migrate --noinput"}, OPERATOR)["output"]


@pytest.mark.parametrize(
    "command", ["shell -c 1", "dbshell", "runserver", "flush --noinput", "loaddata x", "", " ", "--help", "../migrate"]
)
@pytest.mark.parametrize("context", [Context(), OPERATOR], ids=["anybody", "operator"])
def test_other_commands_are_nobodys(command, context, invoke):
    with pytest.raises(RefusedEventError, match="not on the list"):
        invoke({"manage": command}, context)


@pytest.mark.parametrize(
    "event", [{"manage": "migrate 'x"}, {"manage": ["migrate"]}, {"manage": "check", "command": ""}, {"manage": None}]
)
def test_what_is_no_command_is_refused(event, invoke):
    with pytest.raises(RefusedEventError):
        invoke(event, OPERATOR)


@with_database
def test_a_command_that_fails_fails_the_invocation_with_its_message(invoke):
    with pytest.raises(CommandError, match="the following arguments are required: create"):
        invoke({"manage": "token"}, OPERATOR)
    with pytest.raises(CommandError, match="--team a b: write letters"):
        invoke({"manage": "token create x --user x --team 'a b'"}, OPERATOR)


@with_database
def test_a_command_that_exits_does_not_end_the_environment(invoke, monkeypatch):
    monkeypatch.setattr("django.core.management.commands.migrate.Command.handle", lambda *_, **__: exit(1))
    with pytest.raises(CommandError, match="migrate ended with 1"):
        invoke({"manage": "migrate --check"})
