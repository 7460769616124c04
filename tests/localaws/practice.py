"""`make aws-local`: an AWS to practise on, with a database, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from foundry.embedded import Server
from tests.localaws.client import ROOT, LocalAws

#: How often it is looked for what the journal does not tell, in seconds.
LOOK_SECONDS = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="of the endpoint (default: 4566)")
    parser.add_argument("--home", type=Path, default=ROOT / ".foundry" / "aws-local", help="where the database is kept")
    parser.add_argument("--environments", type=int, default=8, help="how many functions can run at once (default: 8)")
    options = parser.parse_args()
    # A shell that starts it in the background has it ignore the signal, which is the only way to end it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    database = Server(options.home)
    database.ensure_running()
    try:
        with LocalAws(home=options.home, port=options.port, environments=options.environments, retry_seconds=5) as aws:
            _greet(aws, database)
            for line in _happenings(aws):
                print(line, flush=True)  # noqa: T201
    except KeyboardInterrupt:
        print("\nStopping: functions and what was deployed are gone, the database stays.")  # noqa: T201
    finally:
        database.stop()


def database_url(database: Server) -> str:
    """As functions reach it, too: they run on this machine."""
    return f"postgresql://{database.USER}@/{database.DATABASE}?host={database.socket_dir}&port={database.PORT}"


def _greet(aws: LocalAws, database: Server) -> None:
    variables = {
        **{name: value for name, value in aws.environ.items() if name != "AWS_REGION"},
        "DATABASE_URL": f"'{database_url(database)}'",
        "FOUNDRY_ALLOWED_HOSTS": "127.0.0.1",
    }
    exports = "\n".join(f"export {name}={value}" for name, value in variables.items())
    print(f"AWS on this machine: {aws.endpoint}\nIn another terminal:\n\n{exports}\n")  # noqa: T201
    print("Then deploy, as docs/local-aws.md shows. What happens is told here. Ctrl-C ends all.\n", flush=True)  # noqa: T201


def _happenings(aws: LocalAws) -> Iterator[str]:
    """A line for each thing that happens, for ever."""
    number = 0
    fronts: dict[str, str] = {}
    apis: set[str] = set()
    while True:
        for entry in aws.journal(after=number, wait=LOOK_SECONDS):
            number = entry["number"]
            yield told(entry)
            function = entry.get("function", "").partition(":")[0]
            if entry["what"] == "created" and function not in fronts:
                fronts[function] = aws.front(function, stage=function.partition("-")[2] or function)
            if entry["what"] == "created":
                yield f"          {function} as at its own domain: {fronts[function]}"
        for address in _addresses(aws) - apis:
            apis.add(address)
            yield f"          REST API: {address}"


def told(entry: dict[str, Any]) -> str:
    """An entry of the journal for people, as "12:00:01  foundry:$LATEST  sync 34 ms (cold start 812 ms)"."""
    begin = f"{datetime.fromtimestamp(entry['at']):%H:%M:%S}  {entry.get('function', '')}".rstrip()
    what = entry["what"]
    if what == "invoked":
        cold = f" (cold start {entry['init_ms']:.0f} ms)" if entry["init_ms"] is not None else ""
        error = f"  {entry['error']}" if entry["error"] else ""
        return f"{begin}  {entry['how']} {entry['duration_ms']:.0f} ms{cold}{error}"
    if what in ("created", "updated"):
        return f"{begin}  {what} ({entry['size'] / 1e6:.1f} MB)"
    why = entry.get("why") or entry.get("reason") or ""
    return f"{begin}  {what}{f': {why}' if why else ''}"


def _addresses(aws: LocalAws) -> set[str]:
    """Of the REST APIs that are deployed."""
    client = aws.client("apigateway")
    return {
        f"{aws.endpoint}/_aws/execute-api/{api['id']}/{stage['stageName']}/"
        for api in client.get_rest_apis()["items"]
        for stage in client.get_stages(restApiId=api["id"])["item"]
    }


if __name__ == "__main__":
    main()
