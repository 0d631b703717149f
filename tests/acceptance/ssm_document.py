"""The shape of a Systems Manager Automation document: parameters, step graph, and what its `{{ }}` references point at."""

import re

ACTIONS = {
    "aws:executeAwsApi",
    "aws:waitForAwsResourceProperty",
    "aws:assertAwsResourceProperty",
    "aws:branch",
    "aws:executeScript",
    "aws:sleep",
}
STEP_KEYS = {
    "name",
    "description",
    "action",
    "inputs",
    "outputs",
    "onFailure",
    "nextStep",
    "isEnd",
    "maxAttempts",
    "timeoutSeconds",
}
PARAMETER_TYPES = {"String", "StringList", "Boolean", "Integer", "StringMap", "MapList"}
REFERENCE = re.compile(r"\{\{\s*(.*?)\s*\}\}")
SYSTEM_VARIABLE = re.compile(r"^(global:(ACCOUNT_ID|REGION|DATE|DATE_TIME|AWS_PARTITION)|automation:(EXECUTION_ID|REGION))$")
# Parameters that need no use in the document: the execution's record is their use.
RECORDED_ONLY = {"IncidentId"}


def check(body: dict) -> list[str]:
    """What is wrong with the document, step by step."""
    steps = body.get("mainSteps") or []
    if not steps:
        return ["`mainSteps` is missing or empty"]
    findings = check_frame(body) + check_parameters(body) + check_steps(steps)
    # The graph can only be walked where every step has its own name.
    if not any("has no name" in finding or "twice" in finding for finding in findings):
        findings += check_graph(steps)
        findings += check_references(body, steps)
    return findings


def check_frame(body: dict) -> list[str]:
    findings = []
    if body.get("schemaVersion") != "0.3":
        findings.append(f"`schemaVersion` is {body.get('schemaVersion')!r}, not '0.3'")
    if not str(body.get("description", "")).strip():
        findings.append("`description` is missing")
    if not REFERENCE.fullmatch(str(body.get("assumeRole", ""))):
        findings.append("`assumeRole` is missing or not a parameter: the document would act as whoever starts it")
    return findings


def check_parameters(body: dict) -> list[str]:
    findings = []
    for name, parameter in (body.get("parameters") or {}).items():
        where = f"parameter `{name}`"
        pattern = parameter.get("allowedPattern")
        if parameter.get("type") not in PARAMETER_TYPES:
            findings.append(f"{where}: unknown type {parameter.get('type')!r}")
        if not parameter.get("description"):
            findings.append(f"{where}: no description")
        if pattern is None and not parameter.get("allowedValues"):
            findings.append(f"{where}: neither `allowedPattern` nor `allowedValues`")
        if pattern is not None:
            findings += [f"{where}: {problem}" for problem in check_pattern(pattern, parameter.get("default"))]
    return findings


def check_pattern(pattern: str, default) -> list[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return [f"`allowedPattern` is no regular expression: {error}"]
    if not pattern.startswith("^") or not pattern.endswith("$"):
        return ["`allowedPattern` is not anchored with ^ and $"]
    defaults = default if isinstance(default, list) else [] if default is None else [default]
    return [f"the default {value!r} does not match `allowedPattern`" for value in defaults if not compiled.search(str(value))]


def check_steps(steps: list[dict]) -> list[str]:
    findings, seen = [], set()
    for number, step in enumerate(steps, 1):
        name = step.get("name")
        if not name:
            findings.append(f"step {number} has no name")
            continue
        if name in seen:
            findings.append(f"step `{name}` is there twice")
        seen.add(name)
        if step.get("action") not in ACTIONS:
            findings.append(f"step `{name}`: unsupported action {step.get('action')!r}")
        findings += [f"step `{name}`: unknown key `{key}`" for key in sorted(set(step) - STEP_KEYS)]
        findings += check_timing(name, step)
    return findings


def check_timing(name: str, step: dict) -> list[str]:
    findings = []
    timeout = step.get("timeoutSeconds")
    if step.get("action") not in ("aws:branch", "aws:sleep"):
        if timeout is None:
            findings.append(f"step `{name}`: `timeoutSeconds` is missing")
        # Systems Manager ends a script after 600 seconds whatever the step says.
        elif step.get("action") == "aws:executeScript" and timeout > 600:
            findings.append(f"step `{name}`: a script runs 600 seconds at most, not {timeout}")
        if "onFailure" not in step:
            findings.append(f"step `{name}`: `onFailure` is missing")
    if step.get("onFailure") == "Continue":
        findings.append(f"step `{name}`: `onFailure: Continue` passes over a failed change")
    elif "onFailure" in step and step["onFailure"] != "Abort" and not str(step["onFailure"]).startswith("step:"):
        findings.append(f"step `{name}`: unknown `onFailure` {step['onFailure']!r}")
    return findings


def successors(steps: list[dict]) -> dict[str, list[tuple[str, bool]]]:
    """step -> (next step, whether the step succeeded when it goes there). A name that is no step is kept as it is."""
    following = {step["name"]: after["name"] for step, after in zip(steps, steps[1:], strict=False)}
    edges: dict[str, list[tuple[str, bool]]] = {}
    for step in steps:
        name, targets = step["name"], []
        inputs = step.get("inputs") or {}
        if step.get("action") == "aws:branch":
            targets += [(choice.get("NextStep"), True) for choice in inputs.get("Choices") or []]
            if "Default" in inputs:
                targets.append((inputs["Default"], True))
        elif not step.get("isEnd"):
            target = step.get("nextStep", following.get(name))
            targets += [(target, True)] if target else []
        on_failure = str(step.get("onFailure", "Abort"))
        if on_failure.startswith("step:"):
            targets.append((on_failure.removeprefix("step:"), False))
        edges[name] = targets
    return edges


def check_graph(steps: list[dict]) -> list[str]:
    names = [step["name"] for step in steps]
    ends = {step["name"] for step in steps if step.get("isEnd")}
    edges = successors(steps)
    findings = []
    for step in steps:
        name = step["name"]
        findings += [f"step `{name}` goes to `{to}`, which is no step" for to, _ in edges[name] if to not in names]
        if step.get("isEnd") and "nextStep" in step:
            findings.append(f"step `{name}` has both `isEnd` and `nextStep`")
        # A step that falls off the end of the list ends the run silently: the end has to be written.
        if not edges[name] and name not in ends:
            findings.append(f"step `{name}` is an end without `isEnd: true`")
    reached = closure(names[:1], edges)
    findings += [f"step `{name}` can't be reached" for name in names if name not in reached]
    for name in names:
        if name in reached and not closure([name], edges) & ends:
            findings.append(f"step `{name}` never comes to an end")
    return findings


def closure(start: list[str], edges: dict) -> set[str]:
    reached, waiting = set(), list(start)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [to for to, _ in edges.get(name, [])]
    return reached


def done_before(steps: list[dict]) -> dict[str, set[str]]:
    """step -> the steps that have succeeded on every way to it."""
    names = {step["name"] for step in steps}
    edges = successors(steps)
    done: dict[str, set[str]] = {name: set(names) for name in names}
    done[steps[0]["name"]] = set()
    changed = True
    while changed:
        changed = False
        for name, targets in edges.items():
            for to, succeeded in targets:
                if to in done and to != steps[0]["name"]:
                    left = done[to] & (done[name] | ({name} if succeeded else set()))
                    changed, done[to] = changed or left != done[to], left
    return done


def check_references(body: dict, steps: list[dict]) -> list[str]:
    parameters = body.get("parameters") or {}
    outputs = {step["name"]: {output.get("Name") for output in step.get("outputs") or []} for step in steps}
    done = done_before(steps)
    used = set(references(body.get("assumeRole")))
    findings = [f"`assumeRole`: `{name}` is no parameter" for name in used if name not in parameters]
    for step in steps:
        for reference in references(step.get("inputs")):
            used.add(reference)
            problem = problem_of(reference, parameters, outputs)
            source = reference.split(".", 1)[0]
            if problem is None and source in outputs and source not in done[step["name"]]:
                problem = f"`{reference}` is used before step `{source}` has run on every way here"
            if problem:
                findings.append(f"step `{step['name']}`: {problem}")
    findings += [f"parameter `{name}` is never used" for name in parameters if name not in used | RECORDED_ONLY]
    for output in body.get("outputs") or []:
        problem = problem_of(output, {}, outputs)
        findings += [f"`outputs`: {problem}"] if problem else []
    return findings


def problem_of(reference: str, parameters: dict, outputs: dict) -> str | None:
    if reference in parameters or SYSTEM_VARIABLE.match(reference):
        return None
    step, _, output = reference.partition(".")
    if not output:
        return f"`{reference}` is neither a parameter nor a system variable"
    if step not in outputs:
        return f"`{reference}`: there is no step `{step}`"
    if output not in outputs[step]:
        return f"`{reference}`: step `{step}` has no output `{output}`"
    return None


def references(value) -> list[str]:
    """Every `{{ }}` reference in a value. In a script they are refused elsewhere, so the script is left out."""
    if isinstance(value, str):
        return REFERENCE.findall(value)
    if isinstance(value, dict):
        return [found for key, item in value.items() if key != "Script" for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return []
