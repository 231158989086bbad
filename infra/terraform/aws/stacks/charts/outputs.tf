output "releases" {
  description = "Release to the version of its chart."
  value       = local.versions
}
