"""The gateway process: one endpoint on 127.0.0.1, alive only as long as the process that started it.

It leads a process group of its own, which holds every function it starts. A pipe from its parent is watched: when the parent
closes it or dies, however it dies, the whole group ends.
"""

import argparse
import asyncio
import gc
import json
import os
import pathlib
import resource
import signal
import socket
import sys
import threading
import traceback

from local_aws.settings import ACCOUNT, CALLS_FILE, FAILURE_FILE, FUNCTION_LOGS, REGION, ROOT_SECRET, STATE_FILE


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run-dir", type=pathlib.Path, required=True)
    parser.add_argument("--watch-fd", type=int, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--queue-retry-seconds", type=float, default=0.2)
    options = parser.parse_args()
    threading.Thread(target=end_with_parent, args=(options.watch_fd,), daemon=True).start()
    # Reading API models makes millions of objects that all stay: a third of the start would go to looking for garbage.
    gc.disable()
    listener = socket.create_server(("127.0.0.1", options.port), backlog=512)
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        set_environment(endpoint, options.run_dir)
        application = join(options)
        asyncio.run(serve(application, listener, endpoint, options.run_dir))
    except BaseException as error:
        fail(options.run_dir, error)
    finally:
        end_group()


def end_with_parent(descriptor: int) -> None:
    """The parent never writes: a read returns only when its end of the pipe is closed."""
    os.read(descriptor, 1)
    end_group()


def end_group() -> None:
    """End this process and every function and script it started; nothing of value is in memory."""
    os.killpg(0, signal.SIGKILL)


def set_environment(endpoint: str, run_dir: pathlib.Path) -> None:
    """ministack reads its settings when it is imported, and functions inherit this environment."""
    scratch = run_dir / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_"))]:
        del os.environ[name]
    os.environ.update(
        {
            "GATEWAY_PORT": endpoint.rsplit(":", 1)[-1],
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
            # No account of the person at this machine can be reached by mistake.
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CLOUDTRAIL_RECORDING": "1",
            # Listeners that would bind every interface, and Docker, which ministack would tidy up.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{scratch}/no-docker.sock",
            "LOG_LEVEL": "INFO",
            "TMPDIR": str(scratch),
            "S3_DATA_DIR": str(scratch / "s3"),
            "STATE_DIR": str(scratch / "state"),
        }
    )


def join(options):
    """Import the emulators and join them; the application to serve. The imports have effects and their order matters."""
    from ministack import app

    from local_aws import plug, recording

    recording.open_log(options.run_dir / CALLS_FILE)
    from local_aws import functions, joined

    functions.configure(str(options.run_dir / FUNCTION_LOGS), options.queue_retry_seconds)
    joined.start()
    application = plug.take(app, "app", "scope", "receive", "send")
    plug.verify()
    return recording.Recorder(application)


async def serve(application, listener, endpoint: str, run_dir: pathlib.Path) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    # A stopped gateway has nothing to finish.
    config.graceful_timeout = 0.1
    threading.Thread(target=announce, args=(endpoint, run_dir), daemon=True).start()
    await hypercorn_serve(application, config)


def announce(endpoint: str, run_dir: pathlib.Path) -> None:
    """Test the joins through the front door, then write the file that the parent waits for."""
    from local_aws import selftest

    try:
        selftest.run()
    except BaseException as error:
        fail(run_dir, error)
        end_group()
    gc.freeze()
    gc.enable()
    state = {
        "endpoint": endpoint,
        "region": REGION,
        "account": ACCOUNT,
        "pid": os.getpid(),
        "calls": str(run_dir / CALLS_FILE),
        "logs": str(run_dir / FUNCTION_LOGS),
        "access_key": ACCOUNT,
        "secret_key": ROOT_SECRET,
    }
    partial = run_dir / f"{STATE_FILE}.part"
    partial.write_text(json.dumps(state, indent=2) + "\n")
    partial.rename(run_dir / STATE_FILE)


def fail(run_dir: pathlib.Path, error: BaseException) -> None:
    traceback.print_exception(error, file=sys.stderr)
    sys.stderr.flush()
    (run_dir / FAILURE_FILE).write_text(f"{type(error).__name__}: {error}\n")


if __name__ == "__main__":
    main()
