"""Conditions of DynamoDB that are read once, not once for each item that a query looks at: that was most of what the gateway did."""

import functools

from ministack.services import dynamodb

from local_aws import plug

tokenize = plug.take(dynamodb, "_tokenize", "expr")
Evaluation = plug.take(dynamodb, "_ExprEval", "tokens", "item", "attr_values", "attr_names")
tokens_of = functools.lru_cache(maxsize=4096)(tokenize)
_seen_sound: set[tuple[str, str]] = set()
MOST = 4096


@plug.replaces(dynamodb, "_evaluate_condition", "expr", "item", "attr_values", "attr_names", "slot")
def evaluate(original, expr, item, attr_values, attr_names, slot="ConditionExpression"):
    if (expr, slot) in _seen_sound:
        try:
            return Evaluation(tokens_of(expr), item, attr_values, attr_names).evaluate()
        except Exception:  # noqa: BLE001 - the original finds the words for whatever it is
            return original(expr, item, attr_values, attr_names, slot)
    outcome = original(expr, item, attr_values, attr_names, slot)
    # Bounds are of the values, not of the words: they are looked at each time.
    if expr and expr.strip() and "BETWEEN" not in expr.upper() and len(_seen_sound) < MOST:
        _seen_sound.add((expr, slot))
    return outcome
