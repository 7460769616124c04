"""Versions, qualifiers, aliases, and where moto's control plane was not AWS's."""

from __future__ import annotations

import io
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.aws.localaws.conftest import Function, package
from tests.localaws import ACCOUNT, LocalAws

Deploy = Callable[..., Function]

WHO = """
def handle(event, context):
    return [{0!r}, context.function_version, context.invoked_function_arn]
"""


def update(function: Function, word: str) -> str:
    """New code, published; the version's number."""
    told = function.client.update_function_code(
        FunctionName=function.name, ZipFile=package(WHO.format(word)), Publish=True
    )
    return str(told["Version"])


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_version_runs_what_was_published(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    function.client.publish_version(FunctionName=function.name)
    assert update(function, "second") == "2"
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function.name}"

    assert function() == ["second", "$LATEST", arn]
    assert function(Qualifier="$LATEST") == ["second", "$LATEST", f"{arn}:$LATEST"]
    assert function(Qualifier="1") == ["first", "1", f"{arn}:1"]
    assert function.invoke(Qualifier="2")["ExecutedVersion"] == "2"


def test_a_function_has_many_names(deploy: Deploy) -> None:
    function = deploy(WHO.format("one"))
    function.client.publish_version(FunctionName=function.name)
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function.name}"

    for name in (f"{function.name}:1", f"{arn}:1", f"{ACCOUNT}:function:{function.name}:1"):
        assert function(FunctionName=name) == ["one", "1", f"{arn}:1"]
    assert function(FunctionName=arn)[1] == "$LATEST"
    with pytest.raises(ClientError) as error:
        function(FunctionName=f"{arn}:1", Qualifier="$LATEST")
    assert code(error) == "InvalidParameterValueException"


def test_an_alias_stands_for_a_version(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    client = function.client
    client.publish_version(FunctionName=function.name)
    update(function, "second")
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")

    word, number, arn = function(Qualifier="live")
    assert (word, number) == ("first", "1")
    assert arn.endswith(f"{function.name}:live")
    client.update_alias(FunctionName=function.name, Name="live", FunctionVersion="2")
    assert function(FunctionName=f"{function.name}:live")[:2] == ["second", "2"]
    assert client.get_alias(FunctionName=function.name, Name="live")["FunctionVersion"] == "2"
    client.delete_alias(FunctionName=function.name, Name="live")
    with pytest.raises(ClientError) as error:
        function(Qualifier="live")
    assert code(error) == "ResourceNotFoundException"


def test_an_alias_can_share_its_traffic(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    function.client.publish_version(FunctionName=function.name)
    update(function, "second")
    routing = {"AdditionalVersionWeights": {"2": 0.3}}
    function.client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1", RoutingConfig=routing)

    seen = Counter(function(Qualifier="live")[1] for _ in range(200))

    # Outside of this once in a million times.
    assert 28 <= seen["2"] <= 94
    assert seen["1"] + seen["2"] == 200


def test_a_number_is_never_given_twice(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    assert [update(function, word) for word in ("a", "b", "c")] == ["1", "2", "3"]
    function.client.delete_function(FunctionName=function.name, Qualifier="1")
    function.client.delete_function(FunctionName=function.name, Qualifier="3")

    assert update(function, "d") == "4"
    versions = function.client.list_versions_by_function(FunctionName=function.name)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "2", "4"]
    assert function(Qualifier="2")[0] == "b"


def test_publishing_what_did_not_change_gives_the_last_version(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    publish = function.client.publish_version

    assert [publish(FunctionName=function.name)["Version"] for _ in range(2)] == ["1", "1"]
    function.client.update_function_configuration(FunctionName=function.name, Timeout=11)
    assert publish(FunctionName=function.name)["Version"] == "2"


def test_a_versions_configuration_stays(deploy: Deploy) -> None:
    function = deploy(
        "import os\ndef handle(event, context): return os.environ['COLOUR']",
        Environment={"Variables": {"COLOUR": "green"}},
    )
    function.client.publish_version(FunctionName=function.name)
    function.client.update_function_configuration(
        FunctionName=function.name, Environment={"Variables": {"COLOUR": "blue"}}
    )

    assert [function(), function(Qualifier="1")] == ["blue", "green"]


def test_a_version_that_an_alias_needs_is_not_deleted(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    function.client.publish_version(FunctionName=function.name)
    function.client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")

    with pytest.raises(ClientError) as error:
        function.client.delete_function(FunctionName=function.name, Qualifier="1")
    assert code(error) == "ResourceConflictException"
    function.client.delete_alias(FunctionName=function.name, Name="live")
    function.client.delete_function(FunctionName=function.name, Qualifier="1")


def test_a_versions_code_can_be_fetched(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    function.client.publish_version(FunctionName=function.name)
    update(function, "second")

    # As zappa's rollback names it.
    told = function.client.get_function(FunctionName=f"function:{function.name}:1")
    with urllib.request.urlopen(told["Code"]["Location"]) as answer:
        fetched = zipfile.ZipFile(io.BytesIO(answer.read()))

    assert "first" in fetched.read("handler.py").decode()


def test_function_urls_are_listed(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    listed = function.client.list_function_url_configs

    assert listed(FunctionName=function.name)["FunctionUrlConfigs"] == []
    function.client.create_function_url_config(FunctionName=function.name, AuthType="AWS_IAM")
    assert [url["AuthType"] for url in listed(FunctionName=function.name)["FunctionUrlConfigs"]] == ["AWS_IAM"]


def test_a_permission_is_created(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))

    told = function.client.add_permission(
        FunctionName=function.name, StatementId="x", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )

    assert told["ResponseMetadata"]["HTTPStatusCode"] == 201


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "LAMBDA_TASK_ROOT", "_HANDLER"])
def test_reserved_variables_are_refused(deploy: Deploy, name: str) -> None:
    function = deploy(WHO.format("first"), Environment={"Variables": {"AWS_LAMBDA_LOG_LEVEL": "INFO"}})

    with pytest.raises(ClientError) as error:
        function.client.update_function_configuration(
            FunctionName=function.name, Environment={"Variables": {name: "x"}}
        )
    assert code(error) == "InvalidParameterValueException"
    assert name in str(error.value)


def test_four_kilobytes_of_variables_are_the_most(deploy: Deploy) -> None:
    with pytest.raises(ClientError) as error:
        deploy(WHO.format("first"), Environment={"Variables": {"LONG": "x" * 4096}})
    assert "4KB" in str(error.value)


def test_a_package_may_not_be_larger_than_lambda_takes(deploy: Deploy) -> None:
    function = deploy(WHO.format("first"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("handler.py", "")
        for number in range(3):
            archive.writestr(f"{number}.bin", bytes(88_000_000))

    with pytest.raises(ClientError) as error:
        function.client.update_function_code(FunctionName=function.name, ZipFile=packed.getvalue())

    assert "262144000" in str(error.value)
    assert function()[0] == "first"


def test_dates_in_the_package_stay(deploy: Deploy) -> None:
    """Byte code that names its source's date must find that date."""
    function = deploy("import os\ndef handle(event, context): return os.stat('dated.py').st_mtime")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "import os\ndef handle(event, context): return os.stat('dated.py').st_mtime")
        archive.writestr(zipfile.ZipInfo("dated.py", (2001, 9, 9, 1, 46, 40)), "")
    function.client.update_function_code(FunctionName=function.name, ZipFile=packed.getvalue())

    assert function() == 1_000_000_000


def test_a_functions_dead_letter_queue_is_kept(aws: LocalAws, deploy: Deploy) -> None:
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
    function = deploy(WHO.format("first"), DeadLetterConfig={"TargetArn": arn})
    describe = function.client.get_function_configuration

    assert describe(FunctionName=function.name)["DeadLetterConfig"] == {"TargetArn": arn}
    function.client.update_function_configuration(FunctionName=function.name, DeadLetterConfig={"TargetArn": ""})
    assert not describe(FunctionName=function.name).get("DeadLetterConfig", {}).get("TargetArn")
