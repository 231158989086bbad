output "environment" {
  description = "Whose state this is."
  value       = terraform_data.environment.input
}

output "namespace" {
  description = "Where the release is."
  value       = helm_release.apps.namespace
}

output "managed_applications" {
  description = "The applications that the release runs."
  value       = local.applications

  # Not before the release is there.
  depends_on = [helm_release.apps]
}

output "access_instructions" {
  description = "How to reach each application: what the chart itself says for this release."
  value       = trimspace(helm_release.apps.metadata.notes)
}

output "release" {
  description = "The release, its revision, and the hash of the chart's files that it was made from."
  value = {
    name         = helm_release.apps.name
    revision     = helm_release.apps.metadata.revision
    chart_digest = local.chart_digest
  }
}
