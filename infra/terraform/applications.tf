# What the values say, for the outputs and the namespace: the layers as Helm and the chart merge them.

locals {
  layers = [
    for file in concat(["${var.chart}/values.yaml", "${var.chart}/values-${var.environment}.yaml"], var.extra_values) :
    yamldecode(file(file))
  ]

  # A list of applications takes the place of all before it, and a map that of a list; maps are merged.
  given       = [for layer in local.layers : layer.applications if try(layer.applications, null) != null]
  listed      = [for given in local.given : !can(keys(given))]
  replacing   = [for index in range(length(local.given)) : index if local.listed[index] || try(local.listed[index - 1], false)]
  first       = max(0, local.replacing...)
  application = [for given in slice(local.given, local.first, length(local.given)) : try(merge(given, {}), { for entry in given : entry.name => entry }, {})]
  names       = distinct(flatten([for layer in local.application : keys(layer)]))
  # A null takes an application away, until a later layer brings it back.
  last_null = { for name in local.names : name => max(-1, [for index, layer in local.application : index if can(layer[name]) && try(layer[name] == null, false)]...) }
  own       = { for name in local.names : name => [for index, layer in local.application : layer[name] if index > local.last_null[name] && can(keys(layer[name]))] }

  # An application's own word counts before that of its role, that before the defaults.
  roles   = distinct(flatten([for layer in local.layers : try(keys(layer.roles), [])]))
  guess   = { for name in local.names : name => reverse(split("-", name))[0] }
  role    = { for name, own in local.own : name => try([for part in reverse(own) : part.role if try(part.role, null) != null][0], contains(local.roles, local.guess[name]) ? local.guess[name] : "api") }
  default = [for layer in reverse(local.layers) : layer.defaults.enabled if try(layer.defaults.enabled, null) != null]
  enabled = {
    for name, own in local.own : name => concat(
      [for part in reverse(own) : part.enabled if try(part.enabled, null) != null],
      [for layer in reverse(local.layers) : layer.roles[local.role[name]].enabled if try(layer.roles[local.role[name]].enabled, null) != null],
      local.default
    )[0]
  }
  applications = sort([for name, own in local.own : name if length(own) > 0 && local.enabled[name]])

  ingress    = [for layer in reverse(local.layers) : layer.ingress if can(keys(layer.ingress))]
  behind_alb = [for part in local.ingress : part.enabled if can(part.enabled)][0] && [for part in local.ingress : part.className if can(part.className)][0] == "alb"
}
