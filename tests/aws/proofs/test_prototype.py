"""The prototype's whole story, with the real zappa command line: deploy, invoke as its client did, undeploy."""

from __future__ import annotations

import json
import time

import pytest

from tests.aws.proofs.platform import platform

FUNCTION = "foundry-development"
GREETING = {"path": "/compute-dna/", "httpMethod": "GET", "requestContext": {}}
COMPUTE = {
    "path": "/compute-dna/",
    "httpMethod": "POST",
    "requestContext": {},
    "body": json.dumps({"dna_sequence": "ATCGGCTA"}),
}
#: What Zappa makes and leaves behind, and what its users must remove themselves.
LEFT_BEHIND = {"role foundry-development-ZappaLambdaExecutionRole", "bucket"}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    with platform(tmp_path_factory.mktemp("prototype")) as platform_:
        yield platform_


def test_deploy_invoke_and_undeploy(story):
    story.run("zappa", "deploy", "development")
    story.run("zappa", "manage", "development", "migrate --noinput")

    greeted = story.invoke(FUNCTION, GREETING)
    assert (greeted["statusCode"], greeted["body"]) == (200, "Hello Zappa Prototype!")
    received = story.invoke(FUNCTION, COMPUTE)
    assert (received["statusCode"], received["body"]) == (200, "Compute DNA Task Received.")

    [(sequence, values)] = story.wait(
        "SELECT item.input, result.values FROM core_result AS result"
        " JOIN core_item AS item USING (request_id, position)"
    )
    assert sequence["sequence"] == "ATCGGCTA"
    assert json.loads(values)["gc_content"] == 0.5
    assert_cost_is_what_was_billed(story)
    assert_nothing_goes_on(story)

    story.run("zappa", "undeploy", "development", "--yes", "--remove-logs")
    with pytest.raises(story.functions.exceptions.ResourceNotFoundException):
        story.invoke(FUNCTION, GREETING)
    assert set(left_behind(story.aws)) == LEFT_BEHIND


def assert_cost_is_what_was_billed(story):
    """The attempt's own reckoning against the report that AWS writes, which knows of the last moments too."""
    story.aws.settle()
    [(attempt_ms, memory_mb)] = story.sql("SELECT billed_ms, memory_mb FROM core_attempt")
    [task] = [entry for entry in story.aws.journal() if entry["what"] == "invoked" and entry["how"] == "event"]
    assert memory_mb == story.functions.get_function_configuration(FunctionName=FUNCTION)["MemorySize"]
    assert 0.5 * task["billed_ms"] < attempt_ms <= task["billed_ms"]


def assert_nothing_goes_on(story):
    """Without work nothing runs and nothing is held, though environments are warm."""
    before = story.aws.journal()
    time.sleep(2)
    assert story.aws.journal() == before
    assert story.aws.state()["environments"]
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert story.sql(others) == [(0,)]


def left_behind(aws):
    for function in aws.client("lambda").list_functions()["Functions"]:
        yield f"function {function['FunctionName']}"
    for rule in aws.client("events").list_rules()["Rules"]:
        yield f"rule {rule['Name']}"
    for group in aws.client("logs").describe_log_groups()["logGroups"]:
        yield f"log group {group['logGroupName']}"
    for stack in aws.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"]:
        yield f"stack {stack['StackName']}"
    for api in aws.client("apigateway").get_rest_apis()["items"]:
        yield f"API {api['name']}"
    for role in aws.client("iam").list_roles()["Roles"]:
        yield f"role {role['RoleName']}"
    for _ in aws.client("s3").list_buckets()["Buckets"]:
        yield "bucket"
