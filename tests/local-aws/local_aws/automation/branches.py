"""`aws:branch`: which step comes next."""

from local_aws.automation.errors import StepFailed
from local_aws.automation.expressions import as_text
from local_aws.automation.steps import Done, Run


def _numbers(compare):
    def operator(actual, expected) -> bool:
        try:
            return compare(float(actual), float(expected))
        except (TypeError, ValueError):
            raise StepFailed(f"`{actual}` or `{expected}` is not a number") from None

    return operator


def _texts(compare):
    return lambda actual, expected: compare(as_text(actual), as_text(expected))


OPERATORS = {
    "StringEquals": _texts(lambda actual, expected: actual == expected),
    "EqualsIgnoreCase": _texts(lambda actual, expected: actual.lower() == expected.lower()),
    "StartsWith": _texts(lambda actual, expected: actual.startswith(expected)),
    "EndsWith": _texts(lambda actual, expected: actual.endswith(expected)),
    "Contains": _texts(lambda actual, expected: expected in actual),
    "NumericEquals": _numbers(lambda actual, expected: actual == expected),
    "NumericGreater": _numbers(lambda actual, expected: actual > expected),
    "NumericLesser": _numbers(lambda actual, expected: actual < expected),
    "NumericGreaterOrEquals": _numbers(lambda actual, expected: actual >= expected),
    "NumericLesserOrEquals": _numbers(lambda actual, expected: actual <= expected),
    "BooleanEquals": _texts(lambda actual, expected: actual.lower() == expected.lower()),
}


def branch(inputs: dict, _run: Run) -> Done:
    for choice in inputs["Choices"]:
        if holds({key: value for key, value in choice.items() if key != "NextStep"}):
            return Done(next_step=choice["NextStep"])
    if inputs.get("Default"):
        return Done(next_step=inputs["Default"])
    return Done(ends=True)


def holds(rule: dict) -> bool:
    if "And" in rule:
        return all(holds(part) for part in rule["And"])
    if "Or" in rule:
        return any(holds(part) for part in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"])
    operators = [key for key in rule if key != "Variable"]
    if "Variable" not in rule or len(operators) != 1:
        raise StepFailed(f"a choice needs `Variable` and one operator, it has {sorted(rule)}")
    if operators[0] not in OPERATORS:
        raise StepFailed(f"`{operators[0]}` is no operator of a choice; known are {', '.join(OPERATORS)}")
    return OPERATORS[operators[0]](rule["Variable"], rule[operators[0]])
