# The names of fields are those of app/tomorrows/logs.py.
resource "aws_cloudwatch_query_definition" "errors_by_route" {
  name            = "${local.name}/errors by route"
  log_group_names = local.log_groups
  query_string    = <<-QUERY
    filter event = "request" and status >= 500
    | stats count(*) as failed by application, method, route, status
    | sort failed desc
  QUERY
}

resource "aws_cloudwatch_query_definition" "slow_requests" {
  name            = "${local.name}/slow requests"
  log_group_names = local.log_groups
  query_string    = <<-QUERY
    filter event = "request" and ms > 500
    | fields at, application, method, route, status, ms, request_id
    | sort ms desc
    | limit 100
  QUERY
}

resource "aws_cloudwatch_query_definition" "one_request" {
  name            = "${local.name}/one request id"
  log_group_names = local.log_groups
  query_string    = <<-QUERY
    filter request_id = "PASTE-THE-ID-HERE"
    | fields at, application, level, event, route, status, ms, @message
    | sort at asc
  QUERY
}
