resource "aws_budgets_budget" "this" {
  name         = local.name
  budget_type  = "COST"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name = "TagKeyValue"
    # KEY$VALUE. Written as one string, the dollar would escape the template, and no cost would ever match.
    values = [format("user:Environment$%s", var.environment)]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "ACTUAL"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [module.alarms.topic_arn]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "FORECASTED"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [module.alarms.topic_arn]
  }
}

# By a tag only the management account of an organization may watch, or an account without one.
resource "aws_ce_anomaly_monitor" "this" {
  count = var.anomaly_monitor_by_tag ? 1 : 0

  name         = local.name
  monitor_type = "CUSTOM"
  monitor_specification = jsonencode({
    And            = null
    CostCategories = null
    Dimensions     = null
    Not            = null
    Or             = null
    Tags = {
      Key          = "user:Environment"
      MatchOptions = null
      Values       = [var.environment]
    }
  })
}

locals {
  by_tag   = var.anomaly_monitor_by_tag ? [aws_ce_anomaly_monitor.this[0].arn] : []
  adopted  = var.anomaly_monitor_arn == "" ? [] : [var.anomaly_monitor_arn]
  watching = var.anomaly_monitor_by_tag || var.anomaly_monitor_arn != ""
}

resource "aws_ce_anomaly_subscription" "this" {
  count = local.watching ? 1 : 0

  name             = local.name
  frequency        = "IMMEDIATE"
  monitor_arn_list = concat(local.adopted, local.by_tag)

  subscriber {
    type    = "SNS"
    address = module.alarms.topic_arn
  }

  # A tenth of the month's budget.
  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(floor(var.budget_usd / 10))]
    }
  }
}
