"""A SAM template as CloudFormation receives it: includes and state-machine files in place, SAM resources expanded.

It does offline what `sam deploy` and the `AWS::Include` transform do. `python -m local_aws.template FILE` prints the result as
JSON, for linters that only understand the expanded form.
"""

import argparse
import json
import os
import pathlib
import sys
from collections.abc import Callable

import yaml

SERVERLESS = "AWS::Serverless-2016-10-31"
INCLUDE = "AWS::Include"


class TemplateError(ValueError):
    """The template cannot be expanded; the message names the file and the resource."""


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: short intrinsics become long ones, and a date stays a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _IncludeLoader(_Loader):
    """An included file: CloudFormation refuses short intrinsics there, so this does too."""


def _intrinsic(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


def _no_short_form(_loader, suffix, node):
    line = node.start_mark.line + 1
    raise TemplateError(f"line {line}: `!{suffix}` is not understood in an included file; write `Fn::{suffix}:`")


_Loader.add_multi_constructor("!", _intrinsic)
_IncludeLoader.add_multi_constructor("!", _no_short_form)


def load(path: pathlib.Path, loader=_Loader):
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # both are safe loaders
    except FileNotFoundError:
        raise TemplateError(f"{path}: no such file") from None
    except (yaml.YAMLError, TemplateError) as error:
        raise TemplateError(f"{path}: {error}") from error
    return value


def inline_includes(value, directory: pathlib.Path):
    """Put each `Fn::Transform: AWS::Include` file in its place; keys beside the transform are kept."""
    if isinstance(value, list):
        return [inline_includes(item, directory) for item in value]
    if not isinstance(value, dict):
        return value
    transform = value.get("Fn::Transform")
    rest = {key: inline_includes(item, directory) for key, item in value.items() if key != "Fn::Transform"}
    if transform is None:
        return rest
    if transform.get("Name") != INCLUDE:
        raise TemplateError(f"`Fn::Transform` of `{transform.get('Name')}` is not supported, only {INCLUDE}")
    location = (transform.get("Parameters") or {}).get("Location")
    if not isinstance(location, str) or "://" in location:
        raise TemplateError(f"the `Location` of an {INCLUDE} must be a path beside the template, not `{location}`")
    path = directory / location
    included = inline_includes(load(path, _IncludeLoader), path.parent)
    if not rest:
        return included
    if not isinstance(included, dict):
        raise TemplateError(f"{path}: an include beside other keys must hold a mapping")
    return {**included, **rest}


def inline_definitions(template: dict, directory: pathlib.Path) -> None:
    """Put each state machine's definition file in its place, as text: SAM would upload it."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties") or {}
        if resource.get("Type") != "AWS::Serverless::StateMachine" or "DefinitionUri" not in properties:
            continue
        path = directory / properties.pop("DefinitionUri")
        definition = load(path)
        if not isinstance(definition, dict) or "States" not in definition:
            raise TemplateError(f"{path}: `{name}` needs a state machine with `States`")
        properties["Definition"] = definition


def place_code(template: dict, directory: pathlib.Path, place: Callable[[str, pathlib.Path], dict]) -> None:
    """Replace each function's `CodeUri` by what `place(logical_id, directory)` answers."""
    default = ((template.get("Globals") or {}).get("Function") or {}).pop("CodeUri", None)
    for name, resource in template["Resources"].items():
        if resource.get("Type") != "AWS::Serverless::Function":
            continue
        properties = resource.setdefault("Properties", {})
        code = properties.get("CodeUri", default)
        if isinstance(code, str) and "://" not in code:
            properties["CodeUri"] = place(name, (directory / code).resolve())


class _NoManagedPolicies:
    """SAM looks up the ARNs of AWS managed policies in an account; here their names must be written as ARNs."""

    def load(self) -> dict:
        return {
            name: f"arn:aws:iam::aws:policy/service-role/{name}"
            for name in ("AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSLambdaSQSQueueExecutionRole")
        }


def expand_serverless(template: dict, parameters: dict, region: str) -> dict:
    os.environ.setdefault("AWS_DEFAULT_REGION", region)
    import boto3
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    translator = Translator(_NoManagedPolicies().load(), Parser(), boto_session=boto3.Session(region_name=region))
    try:
        # SAM reads the pseudo parameters from the same mapping.
        expanded = translator.translate(template, {"AWS::Region": region, **parameters})
        # They go nowhere, but an unpublished one is a warning at exit.
        translator.metrics.publish()
        return expanded
    except InvalidDocumentException as error:
        causes = "\n".join(f"  {cause.message}" for cause in error.causes)
        raise TemplateError(f"SAM refuses the template:\n{causes}") from error


def expand(path, place=None, parameters: dict | None = None, region: str = "eu-central-1") -> dict:
    """The CloudFormation template for the SAM template at `path`."""
    path = pathlib.Path(path)
    template = load(path)
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateError(f"{path}: no `Resources`")
    try:
        template = inline_includes(template, path.parent)
        inline_definitions(template, path.parent)
        place_code(template, path.parent, place or placeholder)
        if SERVERLESS in as_list(template.get("Transform")):
            template = expand_serverless(template, parameters or {}, region)
    except TemplateError as error:
        raise TemplateError(f"{path}: {error}") from error
    template.pop("Transform", None)
    return template


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def placeholder(logical_id: str, _directory: pathlib.Path) -> dict:
    """Where `sam deploy` would have put a function's code; a linter only needs the shape."""
    return {"Bucket": "code", "Key": f"{logical_id}.zip"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local_aws.template", description=__doc__)
    parser.add_argument("template", type=pathlib.Path)
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--compact", action="store_true", help="without white space: a stack set takes 1 MB")
    options = parser.parse_args()
    try:
        parameters = dict(item.split("=", 1) for item in options.parameter)
        expanded = expand(options.template, parameters=parameters)
    except TemplateError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(expanded, separators=(",", ":")) if options.compact else json.dumps(expanded, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
