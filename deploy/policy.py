"""What a function may do whose role Zappa makes; Zappa's own policy would open all of the account's data to it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from deploy import variables
from deploy.stages import Stage

#: With `Resource: "*"`, for these have no resources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)


def document(stage: Stage) -> str:
    """The policy as JSON: logs, itself, and what the variables name. To log in with IAM, bring a role of your own."""
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resources}
        for actions, resources in _allowed(stage)
        if resources
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allowed(stage: Stage) -> Iterator[tuple[list[str], list[str]]]:
    log_group = f"arn:aws:logs:*:*:log-group:/aws/lambda/{stage.function}"
    yield ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], [log_group, f"{log_group}:*"]
    function = f"arn:aws:lambda:*:*:function:{stage.function}"
    yield ["lambda:InvokeFunction"], [function, f"{function}:*"]
    yield ["secretsmanager:GetSecretValue"], _values(variables.SECRET, variables.KEY)
    reads = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    yield ["sqs:SendMessage", *reads], _values(variables.FAILURES)
    files = [f"arn:aws:s3:::{bucket}/files/*" for bucket in _values(variables.FILES)]
    yield ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], files
    yield list(_NETWORK), ["*"] if variables.words(variables.SUBNETS) else []


def _values(*wanted: variables.Variable) -> list[str]:
    return [found for variable in wanted if (found := variables.value(variable))]
