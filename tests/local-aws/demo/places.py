"""Where things lie in the repository."""

import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
FUNCTIONS = REPOSITORY / "target" / "lambda"
RUN = REPOSITORY / "target" / "local-aws" / "demo"
RESULTS = REPOSITORY / "target" / "demo"
# What npm installs for the provider that people sign in with.
IDENTITY_PROVIDER = REPOSITORY / "target" / "tools" / "identity-provider" / "node_modules"
FIXTURES = REPOSITORY / "functions" / "incident" / "src" / "sources"
SAMPLE = FIXTURES / "guardduty" / "fixtures" / "instance-credential-exfiltration.json"


def tocsin() -> pathlib.Path:
    """The command, as it was built last."""
    built = [REPOSITORY / "target" / profile / "tocsin" for profile in ("release", "quick", "debug")]
    return max((path for path in built if path.is_file()), key=lambda path: path.stat().st_mtime, default=built[0])


def missing() -> list[pathlib.Path]:
    """What `make build` has to make before the demo can run."""
    functions = REPOSITORY / "functions"
    handlers = sorted(folder.name for folder in functions.iterdir() if (folder / "src" / "main.rs").is_file())
    wanted = [FUNCTIONS / name / "bootstrap" for name in handlers if name != "cli"]
    return [path for path in [*wanted, tocsin()] if not path.is_file()]


def shown(path: pathlib.Path) -> str:
    """A path as a person in the repository would type it."""
    path = path.resolve()
    return str(path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path)
