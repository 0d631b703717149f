"""`python -m local_aws up`: keep a local AWS up for exploring, until Ctrl-C."""

import argparse
import pathlib
import signal
import sys
import threading

from local_aws import GatewayFailed, LocalAws


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the local AWS and keep it up")
    up.add_argument("--run-dir", type=pathlib.Path, default=pathlib.Path("target/local-aws/up"), help="where its files go")
    up.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; a free one if not given")
    up.add_argument("--deploy", action="append", default=[], metavar="STACK=TEMPLATE", help="a stack to deploy, in this order")
    options = parser.parse_args()
    try:
        with LocalAws(options.run_dir, port=options.port) as aws:
            print(how_to_reach(aws))
            for stack in options.deploy:
                name, _, template = stack.partition("=")
                outputs = aws.deploy(name, template)
                print(f"\nstack {name}:")
                for key, value in outputs.items():
                    print(f"  {key} = {value}")
            print("\nup until Ctrl-C", flush=True)
            wait_for_signal(aws)
    except (GatewayFailed, ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def how_to_reach(aws: LocalAws) -> str:
    return f"""the local AWS is up: {aws.endpoint}  (account {aws.account}, region {aws.region})

  export AWS_ENDPOINT_URL={aws.endpoint}
  export AWS_REGION={aws.region}
  export AWS_ACCESS_KEY_ID={aws.state["access_key"]}
  export AWS_SECRET_ACCESS_KEY={aws.state["secret_key"]}
  aws sts get-caller-identity          # any AWS SDK or the AWS CLI works with these

  calls made, with who made them   {aws.state["calls"]}
  what the functions print         {aws.state["logs"]}/"""


def wait_for_signal(aws: LocalAws) -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1):
        if not aws.is_running():
            raise GatewayFailed(f"the gateway ended by itself; see {aws.run_dir / 'gateway.log'}")


if __name__ == "__main__":
    sys.exit(main())
