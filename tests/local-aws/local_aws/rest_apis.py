"""REST APIs of API Gateway: methods that take every verb, and domain names that lead to a stage.

ministack takes names with a dot. On this machine `localhost` alone leads here without a name server; SDKs come by 127.0.0.1.
"""

from urllib.parse import quote

from ministack.services import apigateway_v1

from local_aws import plug

NAME = "localhost"
ANY = "x-amazon-apigateway-any-method"

resources = plug.take(apigateway_v1, "_resources")
resolve = plug.take(apigateway_v1, "resolve_base_path_mapping", "domain_name", "path")
find_domain = plug.take(apigateway_v1, "find_domain_scope", "domain_name")
import_operation = plug.take(
    apigateway_v1, "_import_operation", "api_id", "resource_id", "http_method", "operation", "scheme_map", "default_security"
)


@plug.replaces(apigateway_v1, "_import_path_item", "api_id", "path", "path_item", "scheme_map", "default_security")
def import_path(original, api_id, path, path_item, scheme_map=None, default_security=None):
    """SAM writes a method that takes every verb in a way that ministack passes over."""
    original(api_id, path, path_item, scheme_map, default_security)
    if ANY in path_item:
        resource = next(key for key, found in resources[api_id].items() if found["path"] == path)
        import_operation(api_id, resource, "ANY", path_item[ANY], scheme_map, default_security)


def is_page(scope) -> bool:
    """Whether the request is for a page behind a name rather than for an API of AWS."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    return host.split(":")[0].lower() == NAME and find_domain(NAME) is not None


def led_on(scope) -> dict:
    """The request as the stage gets it, so that no path of a page is taken for one of ministack's own."""
    found = resolve(NAME, scope["path"])
    if found is None:
        return scope
    api, stage, path = found
    below = f"/_aws/execute-api/{api}/{stage}{path}"
    return {**scope, "path": below, "raw_path": quote(below).encode()}
