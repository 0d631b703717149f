"""The OpenID Connect provider that people sign in with: node runs it beside the gateway, and it ends with whoever started it."""

import contextlib
import json
import pathlib
import select
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent.parent / "identity_provider"
START_SECONDS = 30
CLIENT_ID = "tocsin-console"


class ProviderFailed(RuntimeError):
    """The provider did not start; the message says why."""


class IdentityProvider:
    """A provider that knows one application, at `origin`. `modules` is the folder that npm put its packages in."""

    def __init__(self, modules, origin: str, log, port: int = 0):
        self.modules, self.origin, self.log, self.port = pathlib.Path(modules), origin, pathlib.Path(log), port
        self.issuer = ""
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exception) -> None:
        self.stop()

    def start(self) -> None:
        node = shutil.which("node")
        if node is None or not (self.modules / "oidc-provider").is_dir():
            missing = "node" if node is None else str(self.modules / "oidc-provider")
            raise ProviderFailed(f"`{missing}` is missing: run `make identity-provider`")
        asked = {"modules": str(self.modules.resolve()), "origin": self.origin, "client_id": CLIENT_ID, "port": self.port}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [node, HERE / "provider.mjs", json.dumps(asked)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever started it
            )
        # A provider that ends says so by the end of its output.
        ready = select.select([self._process.stdout], [], [], START_SECONDS)[0]
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self.stop()
            raise ProviderFailed(f"the provider did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
        self.issuer = json.loads(line)["issuer"]

    def stop(self) -> None:
        """Safe to call twice."""
        if self._process is None:
            return
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._process = None


def users() -> list[dict]:
    """The sample users: `sub`, `name`, `groups`."""
    return json.loads((HERE / "users.json").read_text(encoding="utf-8"))
