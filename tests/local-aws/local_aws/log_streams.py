"""Log events of the streams whose names begin as asked, where ministack reads every stream of the group."""

from ministack.services import cloudwatch_logs

from local_aws import plug

group_of = plug.take(cloudwatch_logs, "_resolve_log_group_name", "data")
groups = plug.take(cloudwatch_logs, "_log_groups")


@plug.replaces(cloudwatch_logs, "_filter_log_events", "data")
def filter_log_events(original, data):
    prefix = data.get("logStreamNamePrefix")
    if not prefix:
        return original(data)
    streams = groups.get(group_of(data), {}).get("streams", {})
    # An empty list of names would stand for all of them; no stream has an empty name.
    return original(data | {"logStreamNames": [name for name in streams if name.startswith(prefix)] or [""]})
