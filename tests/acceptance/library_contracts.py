"""What a new action, finding source, notice or playbook must bring along, so that a piece that is missing is named.

Each check takes the repository's root and answers what does not fit.
"""

import json
import pathlib
import re
import tomllib

from cloudformation_yaml import load
from contracts import FUNCTION_TYPE, of_type, pascal, resources_of, responder, target_of

NOTICE_LANGUAGES = ("en", "de")
NOTICE_FORMS = ("html", "txt")
ACTION_FILES = ("document.yaml", "reversal.yaml", "policy.json", "README.md")


def variants(text: str, function: str) -> dict[str, str]:
    """Variant -> text of one `match` in a Rust function: how `ActionId` names things."""
    found = re.search(rf"fn {function}\(self\) -> &'static str \{{\s*match self \{{(.*?)\n        \}}", text, re.DOTALL)
    return dict(re.findall(r'Self::(\w+) => "([^"]+)"', found.group(1))) if found else {}


def action_faults(root: pathlib.Path) -> list[str]:
    """Each action is a folder, a variant, two documents, a role, and a permission to start them."""
    text = (root / "functions/incident/src/containment/action.rs").read_text(encoding="utf-8")
    names, documents, reversals = (variants(text, function) for function in ("as_str", "document", "reversal_document"))
    folders = {path.name for path in (root / "infra/actions").iterdir() if path.is_dir()}
    findings = [f"infra/actions/{name}: `ActionId` does not know it" for name in sorted(folders - set(names.values()))]
    member = load(root / "infra" / "member.yaml")
    deployed = {properties["Name"] for properties in of_type(member, "AWS::SSM::Document").values()}
    roles = {properties["RoleName"] for properties in of_type(member, "AWS::IAM::Role").values()}
    for variant, name in names.items():
        if name not in folders:
            findings.append(f"`ActionId::{variant}`: there is no infra/actions/{name}")
            continue
        folder = root / "infra/actions" / name
        findings += [f"infra/actions/{name}: `{file}` is missing" for file in ACTION_FILES if not (folder / file).is_file()]
        expected = f"Tocsin-{pascal(name)}"
        if documents.get(variant) != expected or reversals.get(variant) != expected.replace("Tocsin-", "Tocsin-Reverse"):
            findings.append(f"`ActionId::{variant}`: its documents are not `{expected}` and its reversal")
        wanted = {documents.get(variant, ""), reversals.get(variant, "")}
        findings += [f"infra/member.yaml: the document `{document}` is missing" for document in sorted(wanted - deployed)]
        findings += [f"infra/member.yaml: the role `{expected}` is missing"] if expected not in roles else []
    return findings + starter_faults(root, set(documents.values()), set(reversals.values()))


def starter_faults(root: pathlib.Path, documents: set[str], reversals: set[str]) -> list[str]:
    """Only these two functions start actions: one the documents, the other the reversals, under the same roles."""
    functions = of_type(responder(root), FUNCTION_TYPE)
    findings = []
    for logical_id, expected in (("StartContainmentFunction", documents), ("ReverseContainmentFunction", reversals)):
        properties = functions.get(logical_id, {})
        started = {name_in(resource) for resource in resources_of(properties, "ssm:StartAutomationExecution")}
        passed = {name_in(resource) for resource in resources_of(properties, "iam:PassRole")}
        findings += [f"{logical_id}: may not start `{name}`" for name in sorted(expected - started)]
        findings += [f"{logical_id}: may start `{name}`, which is no document of an action" for name in sorted(started - expected)]
        if passed != documents:
            findings.append(f"{logical_id}: passes the roles {sorted(passed)}, not those of the actions")
    return findings


def name_in(resource) -> str:
    """`Tocsin-LockBucket` of `arn:…:automation-definition/Tocsin-LockBucket:*` or `arn:…:role/Tocsin-LockBucket`."""
    return re.sub(r"^.*/|:\*$", "", target_of(resource))


def source_faults(root: pathlib.Path) -> list[str]:
    """Each finding source is a folder with a pattern and fixtures, and has a rule that its pattern feeds."""
    sources = root / "functions/incident/src/sources"
    rules = of_type(responder(root), "AWS::Events::Rule")
    fed = {
        rule["EventPattern"].get("Fn::Transform", {}).get("Parameters", {}).get("Location"): (name, rule)
        for name, rule in rules.items()
        if isinstance(rule.get("EventPattern"), dict) and "source" not in rule["EventPattern"]
    }
    findings = unclassified_faults(root, rules.get("UnclassifiedRule", {}))
    for folder in sorted(path for path in sources.iterdir() if path.is_dir() and (path / "mod.rs").is_file()):
        where = f"sources/{folder.name}"
        findings += [f"{where}: `{name}` is missing" for name in ("pattern.json", "fixtures") if not (folder / name).exists()]
        name, rule = fed.pop(f"../functions/incident/src/sources/{folder.name}/pattern.json", ("", None))
        if rule is None:
            findings.append(f"{where}: no rule of infra/responder.yaml has its pattern")
            continue
        expected = f"tocsin-{folder.name.replace('_', '-')}"
        if rule.get("Name") != expected:
            findings.append(f"{name}: `Name` is `{rule.get('Name')}`, not `{expected}`")
        targets = {target_of(target["Arn"]) for target in rule.get("Targets", [])}
        if targets != {"FindingsQueue"}:
            findings.append(f"{name}: its findings go to {sorted(targets)}, not to `FindingsQueue`")
        if not all("DeadLetterConfig" in target for target in rule.get("Targets", [])):
            findings.append(f"{name}: what it cannot deliver is lost")
    return findings + [f"{name}: its pattern is of no source: {location}" for location, (name, _) in fed.items()]


def unclassified_faults(root: pathlib.Path, rule: dict) -> list[str]:
    """What a source reads does not also come as something that none reads."""
    pattern = rule.get("EventPattern") or {"source": [], "detail-type": [{"anything-but": []}]}
    ours, excluded = set(pattern["source"]), set(pattern["detail-type"][0]["anything-but"])
    findings = [] if ours else ["UnclassifiedRule: what no source reads is lost"]
    for path in sorted((root / "functions/incident/src/sources").glob("*/pattern.json")):
        read = json.loads(path.read_text(encoding="utf-8"))
        twice = sorted(set(read["detail-type"]) - excluded) if ours & set(read["source"]) else []
        findings += [f"UnclassifiedRule: `{kind}` is read by sources/{path.parent.name}" for kind in twice]
    return findings


def notice_faults(root: pathlib.Path) -> list[str]:
    """Each notice that a rule names is there, in every language and both forms; and no notice is without a rule."""
    core = root / "functions/incident"
    folders = {path.name for path in (core / "notices").iterdir() if (path / "notice.toml").is_file()}
    strays = {path.name for path in (core / "notices").iterdir() if path.is_dir()} - folders - {"words"}
    findings = [f"notices/{name}: `notice.toml` is missing" for name in sorted(strays)]
    named: dict[str, str] = {}
    for path in sorted((core / "obligations").glob("*.toml")):
        for rule in tomllib.loads(path.read_text(encoding="utf-8")).get("obligation", []):
            if "notice" in rule:
                named[rule["notice"]] = rule["id"]
    findings += [f"obligation {rule}: there is no notice `{notice}`" for notice, rule in sorted(named.items()) if notice not in folders]
    findings += [f"notices/{name}: no obligation names it" for name in sorted(folders - set(named))]
    for folder in sorted(folders):
        files = {path.name for path in (core / "notices" / folder).iterdir()}
        wanted = [f"{language}.{form}.j2" for language in NOTICE_LANGUAGES for form in NOTICE_FORMS]
        findings += [f"notices/{folder}: `{name}` is missing" for name in wanted if name not in files]
    words = {path.stem for path in (core / "notices/words").glob("*.toml")}
    return findings + [f"notices/words: `{language}.toml` is missing" for language in NOTICE_LANGUAGES if language not in words]


def playbook_faults(root: pathlib.Path) -> list[str]:
    """A playbook calls only for actions that there are."""
    text = (root / "functions/incident/src/containment/action.rs").read_text(encoding="utf-8")
    actions = set(variants(text, "as_str").values())
    findings = []
    for path in sorted((root / "functions/incident/playbooks").glob("*.toml")):
        playbook = tomllib.loads(path.read_text(encoding="utf-8"))
        called = {action for wave in playbook["waves"] for action in wave} | set(playbook["ask_first"])
        findings += [f"playbooks/{path.name}: there is no action `{name}`" for name in sorted(called - actions)]
    return findings


CHECKS = [action_faults, source_faults, notice_faults, playbook_faults]
