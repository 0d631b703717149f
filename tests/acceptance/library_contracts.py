"""What a new action, finding source, notice or playbook must bring along, so that a piece that is missing is named.

Each check takes the repository's root and answers what does not fit.
"""

import json
import pathlib
import re
import tomllib

from contracts import of_type, responder, target_of

NOTICE_LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl")
ACTION_FILES = ("action.toml", "action.py", "policy.json", "README.md")


def action_folders(root: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in (root / "infra/actions").iterdir() if path.is_dir() and path.name != "__pycache__")


def action_faults(root: pathlib.Path) -> list[str]:
    """Each action is a folder with its description, scripts, policy and README, and something to be tried on."""
    targets = "\n".join(path.read_text(encoding="utf-8") for path in (root / "tests/acceptance/targets").glob("*.py"))
    findings = []
    for folder in action_folders(root):
        where = f"infra/actions/{folder.name}"
        findings += [f"{where}: `{file}` is missing" for file in ACTION_FILES if not (folder / file).is_file()]
        if f'action = "{folder.name}"' not in targets:
            findings.append(f"{where}: nothing in tests/acceptance/targets is tried with it")
    return findings


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
    """Each notice that a rule or a class of recipients names is there, with its template, in every language; and none is without a reader."""
    core = root / "functions/incident"
    folders = {path.name for path in (core / "notices").iterdir() if (path / "notice.toml").is_file()}
    strays = {path.name for path in (core / "notices").iterdir() if path.is_dir()} - folders - {"words", "phrases", "forms", "parts", "public"}
    findings = [f"notices/{name}: `notice.toml` is missing" for name in sorted(strays)]
    named = {}
    for path in sorted((core / "obligations").glob("*.toml")):
        for rule in tomllib.loads(path.read_text(encoding="utf-8")).get("obligation", []):
            if "notice" in rule:
                named[rule["notice"]] = rule["id"]
    findings += [f"obligation {rule}: there is no notice `{notice}`" for notice, rule in sorted(named.items()) if notice not in folders]
    classes = tomllib.loads((core / "notices/recipients.toml").read_text(encoding="utf-8"))["notice"]
    findings += [f"notices/recipients.toml: there is no notice `{notice}`" for notice in sorted(set(classes) - folders)]
    findings += [f"notices/{name}: no obligation names it" for name in sorted(folders - set(named) - set(classes))]
    for folder in sorted(folders):
        if not (core / "notices" / folder / "notice.j2").is_file():
            findings.append(f"notices/{folder}: `notice.j2` is missing")
        spoken = tomllib.loads((core / "notices" / folder / "notice.toml").read_text(encoding="utf-8"))["languages"]
        findings += [f"notices/{folder}: `{language}` is missing" for language in NOTICE_LANGUAGES if language not in spoken]
    for kind in ("words", "phrases", "public"):
        files = {path.stem for path in (core / "notices" / kind).glob("*.toml")}
        findings += [f"notices/{kind}: `{language}.toml` is missing" for language in NOTICE_LANGUAGES if language not in files]
    return findings


def playbook_faults(root: pathlib.Path) -> list[str]:
    """A playbook calls only for actions that there are."""
    actions = {folder.name for folder in action_folders(root)}
    findings = []
    for path in sorted((root / "functions/incident/playbooks").glob("*.toml")):
        playbook = tomllib.loads(path.read_text(encoding="utf-8"))
        called = {action for wave in playbook["waves"] for action in wave} | set(playbook["ask_first"])
        findings += [f"playbooks/{path.name}: there is no action `{name}`" for name in sorted(called - actions)]
    return findings


CHECKS = [action_faults, source_faults, notice_faults, playbook_faults]
